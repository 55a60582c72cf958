import type { Identity } from "@alknet/core";

import { DisconnectReason, SshProtocolError } from "../errors.ts";
import { Message, message } from "../wire/message.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import type { Login, LoginPolicy, SecondFactor } from "./login.ts";

/** Bounds of authentication. */
export interface AuthLimits {
  /** Failures before the connection ends. Default: 10. */
  readonly maxAuthTries: number;
  /** Time until somebody has to be logged in. Default: 60,000. */
  readonly loginGraceMs: number;
  /** Every failure is answered this long after the request, whatever it was. Default: 50. */
  readonly failureDelayMs: number;
}

/** What authentication uses where nothing else is said. */
export const DEFAULT_AUTH_LIMITS: AuthLimits = {
  maxAuthTries: 10,
  loginGraceMs: 60_000,
  failureDelayMs: 50,
};

/** What authentication is given. */
export interface UserAuthOptions {
  /** The identifier that signatures are bound to. */
  readonly sessionId: Uint8Array;
  /** Who may log in. */
  readonly policy: LoginPolicy;
  /** Bounds. */
  readonly limits: AuthLimits;
  /** What is shown before the first answer. Default: nothing. */
  readonly banner?: string;
  /** Sends an answer. */
  send(payload: Uint8Array): void;
  /** Told of every failure that counts. */
  onFailure(failure: AuthFailure): void;
}

/** A failure, for the log: who claimed to be there, and how. */
export interface AuthFailure {
  /** The name, as claimed. */
  readonly user: string;
  /** The method. */
  readonly method: string;
}

const MAX_USER_CHARACTERS = 255;
const MAX_ANSWERS = 8;

/**
 * User authentication (RFC 4252) from the server's side, for the methods `publickey`,
 * `keyboard-interactive` as a second factor, and `none` where the connection itself has proven
 * somebody.
 *
 * ```text
 * request → none       → success (peer proof), else failure
 *         → publickey  → query: PK_OK or failure
 *                      → signed: success, or partial success → keyboard-interactive → success
 * ```
 *
 * A failure tells nothing: it is the same for users and keys that exist and for others, and takes
 * the same time.
 */
export class UserAuth {
  readonly #options: UserAuthOptions;
  #accepted = false;
  #isGreeted = false;
  #tries = 0;
  /** Somebody whose key was right and who has yet to answer. */
  #partial?: { readonly login: Login; readonly factor: SecondFactor };
  #asked?: SecondFactor;

  /** Begins before the first message. */
  constructor(options: UserAuthOptions) {
    this.#options = options;
  }

  /**
   * Takes a message.
   *
   * @returns The login, once there is one.
   * @throws {SshProtocolError} When the client breaks the protocol or has tried too often.
   */
  async handle(payload: Uint8Array): Promise<Login | undefined> {
    const begun = performance.now();
    const outcome = await this.#dispatch(payload);
    if (outcome === "wait") return undefined;
    if (typeof outcome === "object" && "login" in outcome) {
      this.#options.send(message(Message.UserauthSuccess).finish());
      return outcome.login;
    }
    await this.#fail(begun, outcome);
    return undefined;
  }

  #dispatch(payload: Uint8Array): Outcome | Promise<Outcome> {
    const reader = new SshReader(payload, 1);
    switch (payload[0]) {
      case Message.ServiceRequest:
        return this.#service(reader.text());
      case Message.UserauthRequest:
        return this.#request(payload, reader);
      case Message.UserauthInfoResponse:
        return this.#answers(reader);
      default:
        throw new SshProtocolError("Message is not of user authentication");
    }
  }

  #service(name: string): Outcome {
    if (name !== "ssh-userauth") {
      throw new SshProtocolError("No such service", {
        reason: DisconnectReason.ServiceNotAvailable,
      });
    }
    this.#accepted = true;
    this.#options.send(message(Message.ServiceAccept).string(name).finish());
    return "wait";
  }

  #request(payload: Uint8Array, reader: SshReader): Outcome {
    if (!this.#accepted) throw new SshProtocolError("Authentication without its service");
    this.#asked = undefined; // a new request takes the place of one under way
    const user = reader.text();
    const service = reader.text();
    const method = reader.text();
    if (service !== "ssh-connection") {
      throw new SshProtocolError("No such service", {
        reason: DisconnectReason.ServiceNotAvailable,
      });
    }
    this.#greet();
    if (user.length > MAX_USER_CHARACTERS) return { failure: { user: "", method } };
    switch (method) {
      case "none":
        return this.#none(user);
      case "publickey":
        return this.#publicKey(user, payload, reader);
      case "keyboard-interactive":
        return this.#interactive(user);
      default:
        return { failure: { user, method } };
    }
  }

  /** RFC 4252 section 5.4: before whatever the first request comes to. */
  #greet(): void {
    const { banner, send } = this.#options;
    if (banner && !this.#isGreeted) {
      send(message(Message.UserauthBanner).string(banner).string("").finish());
    }
    this.#isGreeted = true;
  }

  #none(user: string): Outcome {
    const login = this.#options.policy.byPeer(user);
    return login ? this.#afterProof(login) : { failure: { user, method: "none" }, isFree: true };
  }

  /** RFC 4252 section 7. */
  #publicKey(user: string, payload: Uint8Array, reader: SshReader): Outcome {
    const hasSignature = reader.boolean();
    const algorithm = reader.text();
    const blob = reader.bytes();
    const signedBytes = payload.subarray(0, reader.offset);
    const signature = hasSignature ? reader.bytes() : undefined;
    reader.end();
    const key = this.#options.policy.byKey(user, blob);
    const refusal: Outcome = { failure: { user, method: "publickey" } };
    if (!key) return refusal;
    if (!signature) {
      // The algorithm of the request, not the type of the key: some clients sign with what they read.
      this.#options.send(message(Message.UserauthPkOk).string(algorithm).string(blob).finish());
      return "wait";
    }
    const signed = new SshWriter().string(this.#options.sessionId).raw(signedBytes).finish();
    return key.isSigned(signed, signature, algorithm) ? this.#afterProof(key.login) : refusal;
  }

  #afterProof(login: Login): Outcome {
    const identity: Identity | undefined = login.identity();
    if (!identity) return { failure: { user: login.user, method: login.method } };
    const factor = this.#options.policy.secondFactor(identity);
    if (!factor) return { login };
    this.#partial = { login, factor };
    return { failure: { user: login.user, method: "partial" }, isFree: true, isPartial: true };
  }

  #interactive(user: string): Outcome {
    const factor = this.#partial?.login.user === user ? this.#partial.factor : undefined;
    if (!factor) return { failure: { user, method: "keyboard-interactive" } };
    this.#asked = factor;
    const request = message(Message.UserauthInfoRequest)
      .string("").string(factor.instruction ?? "").string("").uint32(factor.prompts.length);
    for (const { text, echo = false } of factor.prompts) request.string(text).boolean(echo);
    this.#options.send(request.finish());
    return "wait";
  }

  async #answers(reader: SshReader): Promise<Outcome> {
    const factor = this.#asked;
    const login = this.#partial?.login;
    if (!factor || !login) throw new SshProtocolError("Answers to questions that were not asked");
    this.#asked = undefined;
    const count = reader.uint32();
    if (count > MAX_ANSWERS) throw new SshProtocolError("Too many answers");
    const answers = Array.from({ length: count }, () => reader.text());
    reader.end();
    const complete = count === factor.prompts.length;
    if (complete && await factor.verify(answers) && login.identity()) return { login };
    return { failure: { user: login.user, method: "keyboard-interactive" } };
  }

  async #fail(begun: number, outcome: Failed): Promise<void> {
    const { maxAuthTries, failureDelayMs } = this.#options.limits;
    if (!outcome.isFree) {
      this.#options.onFailure(outcome.failure);
      this.#tries++;
    }
    if (this.#tries >= maxAuthTries) {
      throw new SshProtocolError("Too many authentication failures", {
        reason: DisconnectReason.NoMoreAuthMethods,
      });
    }
    if (!outcome.isPartial) await elapsed(failureDelayMs - (performance.now() - begun));
    const methods = this.#partial ? "keyboard-interactive" : "publickey";
    this.#options.send(
      message(Message.UserauthFailure).string(methods).boolean(outcome.isPartial === true).finish(),
    );
  }
}

interface Failed {
  readonly failure: AuthFailure;
  /** Whether it does not count: asking what there is, and a step on the way. */
  readonly isFree?: boolean;
  readonly isPartial?: boolean;
}

type Outcome = "wait" | { readonly login: Login } | Failed;

async function elapsed(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
