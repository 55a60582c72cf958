import { CloseCode } from "@alknet/core";

/**
 * How a WebSocket of the call protocol is closed. Programs may send 1000 and 3000 to 4999 only
 * (WebSocket.close(), WHATWG), so what RFC 6455 calls 1001, 1002, 1003 and 1009 has codes of its own
 * here, whose last digits are those of HTTP.
 */
export const SocketClose = {
  /** All done. */
  Done: 1000,
  /** A message that is no envelope, or text. */
  Malformed: 4400,
  /** The peer's permission was withdrawn. */
  Revoked: 4403,
  /** A message longer than the limit. */
  TooLarge: 4413,
  /** More than the limits allow; trying again later may work. */
  Exhausted: 4429,
  /** This side failed, or gave the socket up. */
  Failed: 4500,
  /** The node is shutting down; trying again later may work. */
  ShuttingDown: 4503,
} as const;

/** One of the values of {@linkcode SocketClose}. */
export type SocketCloseCode = typeof SocketClose[keyof typeof SocketClose];

/** How a WebSocket is closed that the endpoint ends, by the endpoint's code. */
export function socketCloseFor(code: number): SocketCloseCode {
  return BY_CLOSE_CODE[code] ?? SocketClose.Failed;
}

const BY_CLOSE_CODE: Readonly<Record<number, SocketCloseCode>> = {
  [CloseCode.Ok]: SocketClose.Done,
  [CloseCode.Limit]: SocketClose.Exhausted,
  [CloseCode.ShuttingDown]: SocketClose.ShuttingDown,
  [CloseCode.Revoked]: SocketClose.Revoked,
};
