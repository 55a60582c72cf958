/**
 * Close codes of the endpoint itself (docs/protocol/close-codes.md). Protocols with codes of their
 * own, such as HTTP/3, use theirs.
 */
export const CloseCode = {
  /** All done. */
  Ok: 0,
  /** The handler failed; what went wrong stays on its side. */
  HandlerFailed: 1,
  /** The ALPN was agreed on but its handler has just been removed. */
  NoHandler: 2,
  /** A limit was reached; trying again later may work. */
  Limit: 3,
  /** The peer did not prove a key that is accepted here. */
  AuthRefused: 4,
  /** The node is shutting down; trying again later may work. */
  ShuttingDown: 5,
  /** The handshake or the proof took too long. */
  Timeout: 6,
  /** The peer's permission was withdrawn while it was connected. */
  Revoked: 7,
} as const;

/** One of the values of {@linkcode CloseCode}. */
export type CloseCode = typeof CloseCode[keyof typeof CloseCode];
