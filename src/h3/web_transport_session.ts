import type { CloseInfo, Datagrams, Stream, Traffic, UniStreams } from "@alknet/core";

/**
 * A WebTransport session (draft-ietf-webtrans-http3): streams both ways, datagrams, and an end with
 * code and reason, beside the requests and other sessions of its connection.
 *
 * It lives from the response to its CONNECT until either side closes it or the connection ends.
 */
export interface WebTransportSession extends AsyncDisposable {
  /** ID of the CONNECT stream. */
  readonly id: number;
  /** Resolves when the CONNECT has been answered; rejects when it was refused. */
  readonly ready: Promise<void>;
  /** Streams the peer opens. Ends with the session. */
  readonly streams: AsyncIterable<Stream>;
  /** One-way streams. */
  readonly uni: UniStreams;
  /** Unreliable messages. */
  readonly datagrams: Datagrams;
  /** Resolves when the peer wants the session to come to its end; it goes on until closed. */
  readonly draining: Promise<void>;
  /** Resolves, and never rejects, when the session is over. */
  readonly closed: Promise<CloseInfo>;
  /** Aborts when the session is over. */
  readonly signal: AbortSignal;
  /** Bytes that its streams and datagrams have carried so far. */
  readonly traffic: Readonly<Traffic>;
  /** No further streams are taken: the iterations come to their end, open streams go on. */
  stopAccepting(): void;
  /**
   * Opens a stream, waiting for `ready`.
   *
   * @throws {ConnectionClosedError} When the session is over.
   */
  openStream(): Promise<Stream>;
  /** Asks the peer to bring the session to its end. */
  drain(): Promise<void>;
  /**
   * Ends the session and all its streams at once; the peer learns code and reason.
   *
   * @param code 0 to 2^32 - 1. Default: 0.
   * @param reason For people, at most 1,024 bytes. Default: empty.
   */
  close(code?: number, reason?: string): void;
}
