import type { Blame } from "@alknet/core";

import { plainLine } from "./wire/plain_text.ts";

/** Why a connection ends, as SSH tells the other side (RFC 4253 section 11.1). */
export const DisconnectReason = {
  /** The other side may not connect. */
  HostNotAllowed: 1,
  /** A message that breaks the protocol. */
  ProtocolError: 2,
  /** Keys could not be agreed on. */
  KeyExchangeFailed: 3,
  /** A service that is not there. */
  ServiceNotAvailable: 7,
  /** The connection was lost, or gave no sign of life. */
  ConnectionLost: 10,
  /** An application ended it. */
  ByApplication: 11,
  /** A limit was reached. */
  TooManyConnections: 12,
  /** Nothing is left to try. */
  NoMoreAuthMethods: 14,
} as const;

/** One of the values of {@linkcode DisconnectReason}. */
export type DisconnectReason = typeof DisconnectReason[keyof typeof DisconnectReason];

/** Thrown when the other side breaks SSH or one of its limits; the connection does not survive it. */
export class SshProtocolError extends Error {
  /** The class's name. */
  override readonly name = "SshProtocolError";
  /** Who broke it. */
  readonly blame: Blame = "remote";
  /** What the other side is told. */
  readonly reason: DisconnectReason;

  /** Takes what happened and what the other side is told. */
  constructor(
    message: string,
    options: ErrorOptions & { readonly reason?: DisconnectReason } = {},
  ) {
    super(message, options);
    this.reason = options.reason ?? DisconnectReason.ProtocolError;
  }
}

/** Thrown for an option that cannot be read: of a key, a revocation, a banner, a variable. */
export class SshOptionError extends SyntaxError {
  /** The class's name. */
  override readonly name = "SshOptionError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}

/** Thrown when the other side does not open a channel (RFC 4254 section 5.1). */
export class ChannelRefusedError extends Error {
  /** The class's name. */
  override readonly name = "ChannelRefusedError";
  /** Who refused. */
  readonly blame: Blame = "remote";
  /** SSH_OPEN_…, see {@linkcode OpenFailure}. */
  readonly reason: number;

  /** Takes the code and the words of the other side. */
  constructor(reason: number, text: string) {
    super(`Channel was refused: ${plainLine(text) || `reason ${reason}`}`);
    this.reason = reason;
  }
}

/** Thrown when a server shows another key than the one it should have. */
export class SshHostKeyError extends Error {
  /** The class's name. */
  override readonly name = "SshHostKeyError";
  /** Who showed it. */
  readonly blame: Blame = "remote";

  /** Takes what the engine made of it. */
  constructor(cause: unknown) {
    super("The server shows another host key than it should", { cause });
  }
}

/** Thrown when a server lets nobody in with what the client has. */
export class SshAuthError extends Error {
  /** The class's name. */
  override readonly name = "SshAuthError";
  /** Who refused. */
  readonly blame: Blame = "remote";
}

/** Why a channel is not opened (RFC 4254 section 5.1). */
export const OpenFailure = {
  /** Not allowed. */
  Prohibited: 1,
  /** What it leads to cannot be reached. */
  ConnectFailed: 2,
  /** No such type here. */
  UnknownType: 3,
  /** A limit was reached. */
  ResourceShortage: 4,
} as const;

/** One of the values of {@linkcode OpenFailure}. */
export type OpenFailure = typeof OpenFailure[keyof typeof OpenFailure];
