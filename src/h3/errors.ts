import type { Blame } from "@alknet/core";

import type { H3ErrorCode } from "./error_code.ts";

/** Thrown for what ends the whole connection (RFC 9114 section 8). */
export class H3ConnectionError extends Error {
  /** The class's name. */
  override readonly name = "H3ConnectionError";
  /** Who broke the protocol. */
  readonly blame: Blame = "remote";
  /** The code the connection is closed with. */
  readonly code: H3ErrorCode;

  /** Says what ends the connection. */
  constructor(code: H3ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Thrown for what ends one request and leaves the connection alone (RFC 9114 section 8). */
export class H3StreamError extends Error {
  /** The class's name. */
  override readonly name = "H3StreamError";
  /** Who broke off or broke the protocol. */
  readonly blame: Blame = "remote";
  /** What RFC 9114 calls it. Deno's QUIC cannot put it on the wire: the stream just ends. */
  readonly code: H3ErrorCode;
  /** The status a server answers with where it still can. */
  readonly status: number;

  /** Says what ends the request. */
  constructor(code: H3ErrorCode, message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options);
    this.code = code;
    this.status = options?.status ?? 400;
  }
}

/** Thrown by a client for requests that a server going away (GOAWAY) did not take. */
export class H3GoingAwayError extends Error {
  /** The class's name. */
  override readonly name = "H3GoingAwayError";
  /** Who is leaving: the request can be made again on another connection. */
  readonly blame: Blame = "remote";
}
