import { CloseCode } from "./close_code.ts";
import type { CloseInfo } from "./connection.ts";

/** Whose doing an error is: this program's, the peer's, or the person's at the keyboard. */
export type Blame = "local" | "remote" | "user";

/** Thrown at registration when two handlers claim one ALPN. */
export class AlpnConflictError extends TypeError {
  /** The class's name. */
  override readonly name = "AlpnConflictError";
  /** Who has to act. */
  readonly blame: Blame = "local";
  /** The ALPN claimed twice. */
  readonly alpn: string;

  /** Names the ALPN and both handlers. */
  constructor(alpn: string, first: string, second: string) {
    super(`Cannot register handler "${second}": ALPN "${alpn}" belongs to handler "${first}"`);
    this.alpn = alpn;
  }
}

/** Thrown at registration when two handlers have one name. */
export class HandlerNameError extends TypeError {
  /** The class's name. */
  override readonly name = "HandlerNameError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown at registration for an ALPN that TLS cannot carry (RFC 7301 section 3.1). */
export class AlpnFormatError extends TypeError {
  /** The class's name. */
  override readonly name = "AlpnFormatError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown by reads, writes and opens on a connection that is over. */
export class ConnectionClosedError extends Error {
  /** The class's name. */
  override readonly name = "ConnectionClosedError";
  /** Who ended it. */
  readonly blame: Blame = "remote";
  /** How it ended. */
  readonly info: CloseInfo;

  /** Says why the connection ended, as far as the transport told. */
  constructor(info: CloseInfo, options?: ErrorOptions) {
    super(closeText(info), options);
    this.info = info;
  }
}

function closeText({ code, reason }: CloseInfo): string {
  const refusal = code === CloseCode.AuthRefused ? VERDICT_TEXT.get(reason) : undefined;
  if (refusal) return `Peer refused the connection: ${refusal}`;
  return `Connection closed: ${reason || "no reason given"} (code ${code})`;
}

/** Reasons that go with {@linkcode CloseCode.AuthRefused}, see docs/protocol/auth.md. */
const VERDICT_TEXT: ReadonlyMap<string, string> = new Map([
  ["proof-required", "it wants a key, and none was offered"],
  ["bad-proof", "the proof of the key was not valid for this connection"],
  ["not-accepted", "the key is not known there, or is disabled"],
]);

/** Thrown by writes on a stream whose direction is over while the connection lives. */
export class StreamClosedError extends Error {
  /** The class's name. */
  override readonly name = "StreamClosedError";
  /** Who ended it. */
  readonly blame: Blame = "remote";
}

/** Thrown by `openStream` where the transport has no further stream to give. */
export class StreamUnavailableError extends Error {
  /** The class's name. */
  override readonly name = "StreamUnavailableError";
  /** Who has to act. */
  readonly blame: Blame = "local";
}

/** Thrown when the peer breaks a wire format of ours; the connection does not survive it. */
export class ProtocolError extends Error {
  /** The class's name. */
  override readonly name = "ProtocolError";
  /** Who broke it. */
  readonly blame: Blame = "remote";
}

/** Thrown when a listener cannot be opened. */
export class ListenError extends Error {
  /** The class's name. */
  override readonly name = "ListenError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Reported when a client does not finish its handshake in time. */
export class HandshakeTimeoutError extends Error {
  /** The class's name. */
  override readonly name = "HandshakeTimeoutError";
  /** Who was slow. */
  readonly blame: Blame = "remote";
}

/** Reported when a client offers no ALPN at all, so that no handler can be meant. */
export class NoAlpnError extends Error {
  /** The class's name. */
  override readonly name = "NoAlpnError";
  /** Who left it out. */
  readonly blame: Blame = "remote";
}
