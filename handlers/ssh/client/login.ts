import type { Prompt } from "../auth/login.ts";
import { SshAuthError, SshProtocolError } from "../errors.ts";
import { Message, message } from "../wire/message.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import type { ClientLink } from "./client_link.ts";

/** A key to log in with. */
export interface ClientKey {
  /** Its public half in wire form (RFC 4253 section 6.6), or a certificate of it. */
  readonly blob: Uint8Array;
  /** The algorithm to sign with, such as `ssh-ed25519`. */
  readonly algorithm: string;
  /**
   * Whether the server is asked first if the key would do, because signing asks a person for
   * something. Default: false.
   */
  readonly askFirst?: boolean;
  /** The signature of a message in wire form: the algorithm's name, then its bytes. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** What a client logs in with. */
export interface ClientLoginOptions {
  /** The name to log in under. */
  readonly user: string;
  /** Keys, in the order in which they are tried. */
  readonly keys: readonly ClientKey[];
  /** Answers the questions of a second factor. Default: it fails. */
  answer?(prompts: readonly Prompt[], instruction: string): Promise<readonly string[]>;
}

type Verdict = "accepted" | "refused" | "would-do";

const MAX_PROMPTS = 8;

/**
 * Logs in (RFC 4252): without a key, for servers that know who it is, then with each key.
 *
 * @throws {SshAuthError} When the server accepts none.
 * @throws {SshProtocolError} When it breaks the protocol.
 */
export async function logIn(link: ClientLink, options: ClientLoginOptions): Promise<void> {
  const { transport } = link;
  transport.send(message(Message.ServiceRequest).string("ssh-userauth").finish());
  await expect(link, Message.ServiceAccept);
  const none = request(options.user, "none").finish();
  let verdict = await attempt(link, none, options);
  for (const key of options.keys) {
    if (verdict === "accepted") return;
    verdict = await attemptKey(link, key, options);
  }
  if (verdict === "accepted") return;
  throw new SshAuthError(
    options.keys.length === 0
      ? "There is no key to log in with"
      : "The server accepts none of the keys that were tried",
  );
}

async function attemptKey(
  link: ClientLink,
  key: ClientKey,
  options: ClientLoginOptions,
): Promise<Verdict> {
  if (key.askFirst) {
    const query = request(options.user, "publickey").boolean(false)
      .string(key.algorithm).string(key.blob).finish();
    if (await attempt(link, query, options, true) !== "would-do") return "refused";
  }
  const payload = await signed(options.user, key, link.transport.sessionId);
  return await attempt(link, payload, options);
}

function request(user: string, method: string): SshWriter {
  return message(Message.UserauthRequest).string(user).string("ssh-connection").string(method);
}

/** RFC 4252 section 7. */
async function signed(user: string, key: ClientKey, sessionId: Uint8Array): Promise<Uint8Array> {
  const body = request(user, "publickey").boolean(true).string(key.algorithm).string(key.blob)
    .finish();
  const signature = await key.sign(new SshWriter().string(sessionId).raw(body).finish());
  return new SshWriter(body.length + signature.length + 4).raw(body).string(signature).finish();
}

async function attempt(
  link: ClientLink,
  payload: Uint8Array,
  options: ClientLoginOptions,
  isQuery = false,
): Promise<Verdict> {
  link.transport.send(payload);
  for (let rounds = 0;; rounds++) {
    const reply = await link.next();
    switch (reply[0]) {
      case Message.UserauthSuccess:
        return "accepted";
      case Message.UserauthFailure:
        if (!isPartial(reply) || rounds > MAX_PROMPTS) return "refused";
        link.transport.send(
          request(options.user, "keyboard-interactive").string("").string("").finish(),
        );
        break;
      case Message.UserauthInfoRequest: // and UserauthPkOk, which has the same number
        if (isQuery) return "would-do";
        link.transport.send(await answered(reply, options));
        break;
      default:
        throw new SshProtocolError("Unexpected message during authentication");
    }
  }
}

function isPartial(failure: Uint8Array): boolean {
  const reader = new SshReader(failure, 1);
  reader.bytes();
  return reader.boolean();
}

/** RFC 4256 section 3. */
async function answered(info: Uint8Array, options: ClientLoginOptions): Promise<Uint8Array> {
  const reader = new SshReader(info, 1);
  const name = reader.text();
  const instruction = reader.text() || name;
  reader.bytes();
  const count = reader.uint32();
  if (count > MAX_PROMPTS) throw new SshProtocolError("Too many questions");
  const prompts = Array.from({ length: count }, () => ({
    text: reader.text(),
    echo: reader.boolean(),
  }));
  if (!options.answer) throw new SshAuthError("The server asks for a second factor");
  const answers = await options.answer(prompts, instruction);
  const reply = message(Message.UserauthInfoResponse).uint32(answers.length);
  for (const answer of answers) reply.string(answer);
  return reply.finish();
}

async function expect(link: ClientLink, type: number): Promise<void> {
  const payload = await link.next();
  if (payload[0] !== type) throw new SshProtocolError("Unexpected message of the server");
}
