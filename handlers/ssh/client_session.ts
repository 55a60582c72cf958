import type { Stream } from "@alknet/core";

import type { Prompt } from "./auth/login.ts";
import type { ChannelLimits } from "./channel/limits.ts";
import { Multiplexer } from "./channel/multiplexer.ts";
import type { MultiplexerHooks } from "./channel/multiplexer_hooks.ts";
import type { PacketTransport, TransportLimits } from "./engine/packet_transport.ts";
import { openTransport } from "./engine/ssh2_adapter.ts";
import { DisconnectReason, SshAuthError, SshProtocolError } from "./errors.ts";
import { Message, message } from "./wire/message.ts";
import { SshReader } from "./wire/ssh_reader.ts";
import { SshWriter } from "./wire/ssh_writer.ts";

/** A key to log in with. */
export interface ClientKey {
  /** Its public half in wire form (RFC 4253 section 6.6). */
  readonly blob: Uint8Array;
  /** The algorithm to sign with, such as `ssh-ed25519`. */
  readonly algorithm: string;
  /** The signature of a message in wire form: the algorithm's name, then its bytes. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** What {@linkcode SshClientSession.connect} is told. */
export interface ClientSessionOptions {
  /** The name to log in under. */
  readonly user: string;
  /** Keys, in the order in which they are tried. */
  readonly keys: readonly ClientKey[];
  /** Whether the server's key, in wire form, is the right one. */
  verifyHostKey(key: Uint8Array): boolean;
  /** Answers the questions of a second factor. Default: it fails. */
  answer?(prompts: readonly Prompt[], instruction: string): Promise<readonly string[]>;
  /** What the server may open and ask. Default: nothing. */
  readonly hooks?: MultiplexerHooks;
  /** Bounds of channels. */
  readonly channelLimits?: Partial<ChannelLimits>;
  /** Bounds of the transport. */
  readonly transportLimits?: Partial<TransportLimits>;
}

const IDENT = "alknet";
const MAX_PROMPTS = 8;

/** The client's side of one SSH connection, logged in. */
export class SshClientSession implements AsyncDisposable {
  /** Channels and requests. */
  readonly multiplexer: Multiplexer;
  /** Resolves when the connection is over, to what ended it, if it was a fault. */
  readonly ended: Promise<Error | undefined>;
  readonly #transport: PacketTransport;
  readonly #stream: Stream;

  private constructor(stream: Stream, link: ClientLink, multiplexer: Multiplexer) {
    this.#stream = stream;
    this.#transport = link.transport;
    this.multiplexer = multiplexer;
    this.ended = link.ended;
  }

  /**
   * Logs in over a stream.
   *
   * @throws {SshAuthError} When the server does not accept any of the keys.
   * @throws {SshProtocolError} When the server breaks the protocol, or shows another key.
   * @throws {ConnectionClosedError} When the stream ends too early.
   */
  static async connect(stream: Stream, options: ClientSessionOptions): Promise<SshClientSession> {
    const { verifyHostKey, transportLimits: limits } = options;
    const transport = openTransport(stream, { verifyHostKey, ident: IDENT, limits });
    const link = new ClientLink(transport);
    try {
      await link.unlessEnded(transport.ready);
      await logIn(link, options);
      const { hooks = {}, channelLimits } = options;
      const multiplexer = new Multiplexer(transport, hooks, channelLimits);
      link.handOver(multiplexer);
      return new SshClientSession(stream, link, multiplexer);
    } catch (error) {
      await transport.close(DisconnectReason.ByApplication, "");
      stream.reset();
      throw error;
    }
  }

  /** Ends the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.multiplexer.end("closed");
    await this.#transport.close(DisconnectReason.ByApplication, "");
    this.#stream.reset();
    await this.ended;
  }
}

/**
 * The key that the server at the other end of a stream proves to have, without logging in.
 *
 * @param stream Used up by this.
 * @returns The key in wire form.
 */
export async function readHostKey(stream: Stream): Promise<Uint8Array> {
  let key = new Uint8Array(0);
  const verifyHostKey = (shown: Uint8Array): boolean => {
    key = new Uint8Array(shown);
    return true;
  };
  const transport = openTransport(stream, { verifyHostKey, ident: IDENT });
  const link = new ClientLink(transport);
  try {
    await link.unlessEnded(transport.ready);
    return key;
  } finally {
    await transport.close(DisconnectReason.ByApplication, "");
    stream.reset();
    await link.ended;
  }
}

/** Hands messages to whoever waits for one, and later to the multiplexer. */
class ClientLink {
  readonly transport: PacketTransport;
  readonly ended: Promise<Error | undefined>;
  readonly #inbox: Uint8Array[] = [];
  #multiplexer?: Multiplexer;
  #arrival = Promise.withResolvers<void>();

  constructor(transport: PacketTransport) {
    this.transport = transport;
    this.ended = transport.run((payload) => this.#take(payload)).then(
      () => this.#over(undefined),
      (error: Error) => this.#over(error),
    );
  }

  /** Waits for something, or for the end of the connection. */
  async unlessEnded<T>(wanted: Promise<T>): Promise<T> {
    const ended = this.ended.then((error) => {
      throw error ?? new SshProtocolError("Server ended the connection");
    });
    return await Promise.race([wanted, ended]);
  }

  /** The next message of authentication. */
  async next(): Promise<Uint8Array> {
    while (this.#inbox.length === 0) await this.unlessEnded(this.#arrival.promise);
    return this.#inbox.shift() ?? new Uint8Array(0);
  }

  handOver(multiplexer: Multiplexer): void {
    this.#multiplexer = multiplexer;
    for (const payload of this.#inbox.splice(0)) multiplexer.handle(payload);
  }

  #take(payload: Uint8Array): void | Promise<void> {
    switch (payload[0]) {
      case Message.Disconnect:
        return this.transport.close(DisconnectReason.ByApplication, "");
      case Message.Ignore:
      case Message.Unimplemented:
      case Message.Debug:
      case Message.ExtInfo:
      case Message.UserauthBanner:
        return;
    }
    if (this.#multiplexer) return this.#multiplexer.handle(payload);
    this.#inbox.push(payload);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers<void>();
  }

  #over(error: Error | undefined): Error | undefined {
    this.#multiplexer?.end(error?.message ?? "connection closed");
    return error;
  }
}

async function logIn(link: ClientLink, options: ClientSessionOptions): Promise<void> {
  const { transport } = link;
  transport.send(message(Message.ServiceRequest).string("ssh-userauth").finish());
  await expect(link, Message.ServiceAccept);
  const none = request(options.user, "none").finish();
  let verdict = await attempt(link, none, options);
  for (const key of options.keys) {
    if (verdict !== "refused") break;
    verdict = await attempt(link, await signed(options.user, key, transport.sessionId), options);
  }
  if (verdict !== "accepted") throw new SshAuthError("The server accepts none of the keys");
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
  options: ClientSessionOptions,
): Promise<"accepted" | "refused"> {
  link.transport.send(payload);
  for (;;) {
    const reply = await link.next();
    switch (reply[0]) {
      case Message.UserauthSuccess:
        return "accepted";
      case Message.UserauthFailure:
        if (!isPartial(reply)) return "refused";
        link.transport.send(
          request(options.user, "keyboard-interactive").string("").string("")
            .finish(),
        );
        break;
      case Message.UserauthInfoRequest:
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
async function answered(info: Uint8Array, options: ClientSessionOptions): Promise<Uint8Array> {
  const reader = new SshReader(info, 1);
  reader.text();
  const instruction = reader.text();
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
