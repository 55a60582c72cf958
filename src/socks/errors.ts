import type { Blame } from "@alknet/core";

/** Thrown for bytes that belong to none of the proxy protocols. */
export class ProxyProtocolError extends Error {
  /** The class's name. */
  override readonly name = "ProxyProtocolError";
  /** Who broke it. */
  readonly blame: Blame = "remote";
  /** What the client gets before it is cut off, where its protocol has words for it. */
  readonly reply?: Uint8Array;

  /** Says what is wrong; the message stays here, the reply goes to the client. */
  constructor(message: string, options: ErrorOptions & { readonly reply?: Uint8Array } = {}) {
    super(message, options);
    this.reply = options.reply;
  }
}

/** Why a destination was not reached, in the words of RFC 1928 section 6. */
export type ProxyRefusal =
  | "failed"
  | "not-allowed"
  | "network-unreachable"
  | "host-unreachable"
  | "refused"
  | "timed-out"
  | "command-not-supported"
  | "address-not-supported";

/** What a connector throws to have its reason told to the client; anything else is `failed`. */
export class ProxyRefusedError extends Error {
  /** The class's name. */
  override readonly name = "ProxyRefusedError";
  /** Who has to act. */
  readonly blame: Blame = "remote";
  /** What the client is told. */
  readonly refusal: ProxyRefusal;

  /** Says why. */
  constructor(refusal: ProxyRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}
