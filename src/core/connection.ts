import type { Identity } from "./identity.ts";

/** Where a connection came from; for people and counters, never for a handler to branch on. */
export type TransportName = "quic" | "tls" | "memory" | (string & Record<never, never>);

/** An IP address and port, IPv4 addresses in their plain form also on dual-stack sockets. */
export interface Address {
  /** Dotted IPv4 or colon-separated IPv6 address, without brackets. */
  readonly hostname: string;
  /** Port, 0 where the transport has none. */
  readonly port: number;
}

/** How a connection ended. */
export interface CloseInfo {
  /** Application close code, see {@linkcode CloseCode}; 0 where the transport carries none. */
  readonly code: number;
  /** Short text for people, at most 256 bytes; empty where the transport carries none. */
  readonly reason: string;
}

/** The sending half of a stream. */
export interface SendStream {
  /** The stream's number on the wire, where the transport has one (RFC 9000 section 2.1). */
  readonly id?: number;
  /** Among streams with bytes to send, higher values go first, where the transport can. Default: 0. */
  sendOrder?: number;
  /**
   * Sends bytes, waiting while the peer is slow. The bytes may be reused once it resolves.
   *
   * @throws {StreamClosedError} When this side was closed, or the peer stopped reading.
   * @throws {ConnectionClosedError} When the connection is gone.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends this direction after everything written; the other direction goes on (half-close). */
  closeWrite(): Promise<void>;
  /** The same sending half as a web stream; use one or the other. */
  readonly writable: WritableStream<Uint8Array>;
}

/** The receiving half of a stream. */
export interface ReceiveStream {
  /** The stream's number on the wire, where the transport has one (RFC 9000 section 2.1). */
  readonly id?: number;
  /**
   * Reads what is there, waiting for at least one byte.
   *
   * @param buffer Filled from its start; must not be empty.
   * @returns How many bytes were filled in, or `null` at the end of the direction.
   * @throws {ConnectionClosedError} When the connection is gone.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** The same receiving half as a web stream; use one or the other. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * A duplex of bytes with real half-close and backpressure. Protocols carry their own end marks or
 * lengths: on QUIC an aborted stream can look like a finished one (docs/handlers.md).
 */
export interface Stream extends SendStream, ReceiveStream {
  /** Gives both directions up at once; what was in flight may be lost. Never throws. */
  reset(): void;
}

/** Unreliable, unordered messages beside the streams, where the transport has them. */
export interface Datagrams {
  /** Largest message in bytes; may change while the connection lives. */
  readonly maxBytes: number;
  /** Sends one message, or throws {@linkcode RangeError} when it is larger than `maxBytes`. */
  send(message: Uint8Array): Promise<void>;
  /** Resolves to the next message; rejects with ConnectionClosedError at the end. */
  receive(): Promise<Uint8Array<ArrayBuffer>>;
}

/** One-way streams, where the transport has them (HTTP/3 needs them). */
export interface UniStreams {
  /** Opens a stream on which only this side writes. */
  open(): Promise<SendStream>;
  /** Streams the peer opened for writing, until the connection ends. */
  readonly incoming: AsyncIterable<ReceiveStream>;
}

/**
 * One authenticated, encrypted connection for one ALPN, whatever carries it: QUIC, TLS over TCP,
 * memory, and later WebTransport, WebSocket, a relay or an SSH channel.
 *
 * Life: the side that dialled opens streams and writes first on each; `streams` yields the peer's
 * until either side closes. A single-stream source (TLS, WebSocket) yields or opens exactly one,
 * and there the peer's close shows as the end of that stream.
 */
export interface Connection extends AsyncDisposable {
  /** The ALPN both sides agreed on. */
  readonly alpn: string;
  /** The name the client asked for (SNI), where there was one. */
  readonly serverName?: string;
  /** The peer's address as seen from here. */
  readonly remoteAddr: Address;
  /** What carries it. */
  readonly transport: TransportName;
  /** Who the peer is, as of now: undefined for strangers and after a revocation. */
  readonly identity?: Identity;
  /**
   * Opens a stream, waiting while the peer's limit of open streams is reached.
   *
   * @throws {StreamUnavailableError} On a single-stream connection when that stream is taken.
   * @throws {ConnectionClosedError} When the connection is gone.
   */
  openStream(): Promise<Stream>;
  /** Streams the peer opens. Ends when the connection closes or the node shuts down. */
  readonly streams: AsyncIterable<Stream>;
  /** Present where the transport has datagrams. */
  readonly datagrams?: Datagrams;
  /** Present where the transport has one-way streams. */
  readonly uni?: UniStreams;
  /** Closes at once; bytes in flight may be lost, so protocols acknowledge before they close. */
  close(code?: number, reason?: string): void;
  /** Resolves, and never rejects, when the connection is over. */
  readonly closed: Promise<CloseInfo>;
  /** Aborts when the connection is over. */
  readonly signal: AbortSignal;
}
