import type { Connection, Stream } from "../connection.ts";
import type { AuthContext } from "../identity.ts";

/**
 * A connection as a transport hands it to the endpoint: its ALPN is known, its handshake may still
 * be under way, and nobody has looked at who the peer is.
 */
export interface TransportConnection extends Connection {
  /** Set by the endpoint once the peer is known; `identity` reads from it. */
  auth?: AuthContext;
  /** Resolves when the handshake is over; rejects when it failed. */
  readonly handshake: Promise<void>;
  /** Fingerprints of the certificate the peer proved in the TLS handshake, best first. */
  readonly peerFingerprints: readonly string[];
  /**
   * The one stream of a single-stream transport, for the exchange that precedes the handler.
   * Transports that have it carry no close codes.
   */
  readonly single?: SingleStream;
  /** What its streams and datagrams have carried so far. */
  readonly traffic: Readonly<Traffic>;
  /** Ends `streams`, so that handlers come to their end; open streams go on. */
  stopAccepting(): void;
}

/** Bytes of an application, without those of transport and TLS around them. */
export interface Traffic {
  /** From the peer. */
  received: number;
  /** To the peer. */
  sent: number;
}

/** The stream of a single-stream connection, before anybody claimed it. */
export interface SingleStream extends Stream {
  /** Makes reads that begin from now on wait for a promise, and fail when it rejects. */
  holdReads(until: Promise<void>): void;
}

/** What a listener asks of and reports to the endpoint that owns it. */
export interface ListenerHooks {
  /**
   * Asked before any cryptography whether one more handshake may begin.
   *
   * @param addr Where from, where the transport can tell that early (TCP can, QUIC cannot).
   * @returns What to call when the handshake is over, or undefined to turn the peer away.
   */
  admit(addr?: string): (() => void) | undefined;
  /** A connection whose ALPN is known. The listener forgets it at once. */
  connected(conn: TransportConnection): void;
  /** A handshake that failed before there was a connection. */
  handshakeFailed(error: unknown): void;
}
