import type { Connection, Stream } from "@alknet/core";

import type { Priority } from "./priority.ts";
import type { WebTransportSession } from "./web_transport_session.ts";

/** What a handler learns of a request beside the request itself, and what it may do with it. */
export interface H3Info {
  /** The connection the request came over. */
  readonly conn: Connection;
  /** ID of the request's stream. */
  readonly streamId: number;
  /** The protocol an extended CONNECT asks for, such as `webtransport` (RFC 9220). */
  readonly protocol?: string;
  /** How urgent the response is, by the `priority` header and later updates (RFC 9218). */
  readonly priority: Priority;
  /**
   * The request's trailers, empty if there are none. Resolves once the body was read to its end;
   * rejects when the client gave the request up.
   */
  readonly requestTrailers: Promise<Headers>;
  /** Trailers that are sent behind the body, asked for when it has ended. */
  responseTrailers?: () => HeadersInit | Promise<HeadersInit>;
  /**
   * Sends an informational response at once, such as 103 Early Hints (RFC 8297).
   *
   * @param status 100 to 199, but not 101.
   * @throws {RangeError} For another status.
   */
  sendInformational(status: number, headers?: HeadersInit): Promise<void>;
  /**
   * Accepts a request for a WebTransport session: return the response from the handler and use the
   * session once it is `ready`.
   *
   * @throws {TypeError} When the request does not ask for one.
   */
  upgradeWebTransport(options?: UpgradeOptions): WebTransportUpgrade;
  /**
   * Accepts an extended CONNECT for any protocol: return the response from the handler, then the
   * stream carries what both sides write.
   *
   * @throws {TypeError} When the request is no CONNECT.
   */
  upgradeStream(options?: UpgradeOptions): StreamUpgrade;
}

/** What goes into the response that accepts an extended CONNECT. */
export interface UpgradeOptions {
  /** Header fields. Default: none. */
  readonly headers?: HeadersInit;
}

/** An accepted WebTransport session. */
export interface WebTransportUpgrade {
  /** What the handler has to return. */
  readonly response: Response;
  /** The session. */
  readonly session: WebTransportSession;
}

/** An accepted tunnel. */
export interface StreamUpgrade {
  /** What the handler has to return. */
  readonly response: Response;
  /** The tunnel; rejects when the handler returned something else. */
  readonly stream: Promise<Stream>;
}
