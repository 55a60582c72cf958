import type { Connection, Stream } from "@alknet/core";

import { Call } from "./call.ts";
import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError, H3GoingAwayError } from "./errors.ts";
import { H3Connection } from "./h3_connection.ts";
import { DEFAULT_H3_LIMITS, type H3Limits } from "./limits.ts";
import { MessageReader } from "./message_reader.ts";
import type { WebTransportSession } from "./web_transport_session.ts";

/** What {@linkcode connectH3} can be told. */
export interface ConnectH3Options {
  /** Bounds that differ from {@linkcode DEFAULT_H3_LIMITS}. */
  readonly limits?: Partial<H3Limits>;
}

/** What {@linkcode H3Client.fetch} takes beside what `fetch` does. */
export interface H3RequestInit extends RequestInit {
  /** Told of informational responses as they arrive. */
  onInformational?(status: number, headers: Headers): void;
  /** Told of the trailers once the body was read to its end. */
  onTrailers?(trailers: Headers): void;
}

/**
 * Makes requests over a connection. It does not dial, pool, redirect, decompress or keep cookies.
 *
 * @param conn A connection with the ALPN `h3`.
 * @returns The client; disposing of it closes the connection.
 * @throws {H3ConnectionError} When the connection has no one-way streams.
 */
export function connectH3(conn: Connection, options: ConnectH3Options = {}): H3Client {
  return new H3Client(conn, { ...DEFAULT_H3_LIMITS, ...options.limits });
}

/** The client end of an HTTP/3 connection (RFC 9114), see {@linkcode connectH3}. */
export class H3Client implements AsyncDisposable {
  /** The connection. */
  readonly conn: Connection;
  readonly #h3: H3Connection;
  readonly #goaway = Promise.withResolvers<void>();
  #firstRefused = Infinity;
  #active = 0;

  /** See {@linkcode connectH3}. */
  constructor(conn: Connection, limits: H3Limits) {
    this.conn = conn;
    const goaway = (id: number): void => {
      this.#firstRefused = id;
      this.#goaway.resolve();
      this.#leaveWhenIdle();
    };
    this.#h3 = new H3Connection(conn, "client", { limits, hooks: { goaway } });
    this.#h3.start();
    this.#acceptAll();
  }

  /** Resolves when the server takes no further requests. */
  get goingAway(): Promise<void> {
    return this.#goaway.promise;
  }

  /**
   * Makes a request.
   *
   * @param input An `https:` URL, or a request.
   * @param init As for `fetch`, and what is told of the response beside it.
   * @returns Resolves when the response's head has arrived.
   * @throws {H3GoingAwayError} When the server takes no further requests.
   * @throws {H3StreamError} When the response is malformed or was broken off; reading its body
   * throws the same.
   * @throws {ConnectionClosedError} When the connection is over.
   */
  async fetch(input: string | URL | Request, init: H3RequestInit = {}): Promise<Response> {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const call = await this.#call();
    try {
      return await call.fetch(request, init);
    } catch (error) {
      if (call.streamId < this.#firstRefused) throw error;
      throw new H3GoingAwayError("Server did not take the request", { cause: error });
    }
  }

  /**
   * Opens a WebTransport session.
   *
   * @param url An `https:` URL.
   * @param options Header fields for the server.
   * @throws {TypeError} When the server speaks no WebTransport, or does not want this session.
   */
  async webTransport(
    url: string | URL,
    options: { readonly headers?: HeadersInit } = {},
  ): Promise<WebTransportSession> {
    const { extendedConnect, maxSessions } = await this.#h3.peerSettings;
    if (!extendedConnect || maxSessions === 0) {
      throw new TypeError("Cannot open a session: the server speaks no WebTransport");
    }
    const call = await this.#call();
    return await call.connect(new URL(url), new Headers(options.headers));
  }

  /** Changes the priority of a request, by the ID of its stream (RFC 9218 section 7.2). */
  prioritize(streamId: number, value: string): void {
    this.#h3.prioritize(streamId, value);
  }

  /** Closes the connection; what is under way is lost. */
  [Symbol.asyncDispose](): Promise<void> {
    this.conn.close(H3ErrorCode.NoError);
    return Promise.resolve();
  }

  async #call(): Promise<Call> {
    this.#assertStaying();
    const stream = await this.conn.openStream();
    const { id } = stream;
    if (id === undefined) throw new TypeError("Cannot make a request: its stream has no ID");
    if (this.#firstRefused !== Infinity) stream.reset();
    this.#assertStaying();
    const call = new Call(this.#h3, stream, id);
    this.#active++;
    call.done.then(() => {
      this.#active--;
      this.#leaveWhenIdle();
    });
    return call;
  }

  /** A server that is going away waits for its clients to close (RFC 9114 section 5.2). */
  #leaveWhenIdle(): void {
    if (this.#firstRefused !== Infinity && this.#active === 0) this.conn.close(H3ErrorCode.NoError);
  }

  /** RFC 9114 section 5.2: whatever its ID says, no new requests after a GOAWAY. */
  #assertStaying(): void {
    if (this.#firstRefused === Infinity) return;
    throw new H3GoingAwayError("Server takes no further requests");
  }

  /** A server opens bidirectional streams only for WebTransport sessions. */
  async #acceptAll(): Promise<void> {
    for await (const stream of this.conn.streams) this.#accept(stream);
  }

  async #accept(stream: Stream): Promise<void> {
    try {
      const start = await new MessageReader(stream, stream.id ?? 0, this.#h3).start();
      if (start.kind !== "session") {
        const message = "Server opened a request stream";
        throw new H3ConnectionError(H3ErrorCode.StreamCreationError, message);
      }
      this.#h3.sessionTable.arrive(start.id, stream, start.early);
    } catch (error) {
      this.#h3.failed(error);
      stream.reset();
    }
  }
}
