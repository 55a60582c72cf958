/** Bounds of an endpoint; every one is enforced and counted (docs/limits.md). */
export interface Limits {
  /** Open connections in all. Default: 10,000. */
  readonly maxConnections: number;
  /** Open connections from one IPv4 address or IPv6 /64 network. Default: 256. */
  readonly maxConnectionsPerAddress: number;
  /** Open connections of one identity. Default: 256. */
  readonly maxConnectionsPerIdentity: number;
  /** Handshakes under way at once. Default: 512. */
  readonly maxHandshakes: number;
  /** Time for the TLS handshake, and again for the proof of the peer's key. Default: 10,000. */
  readonly handshakeTimeoutMs: number;
  /** Streams of each kind a peer may have open on one connection. Default: 100. */
  readonly maxStreams: number;
  /** Bytes read ahead of a slow handler on a TLS connection. Default: 262,144. */
  readonly maxBufferedBytes: number;
  /** Silence after which a QUIC connection is given up. Default: 30,000. */
  readonly idleTimeoutMs: number;
  /** Time for connections to finish at shutdown. Default: 2,000. */
  readonly drainTimeoutMs: number;
  /** Time for a peer to close after its handler is done. Default: 2,000. */
  readonly lingerTimeoutMs: number;
}

/** What an endpoint uses where nothing else is said. */
export const DEFAULT_LIMITS: Limits = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: 256,
  maxConnectionsPerIdentity: 256,
  maxHandshakes: 512,
  handshakeTimeoutMs: 10_000,
  maxStreams: 100,
  maxBufferedBytes: 262_144,
  idleTimeoutMs: 30_000,
  drainTimeoutMs: 2_000,
  lingerTimeoutMs: 2_000,
};

/** What happened at an endpoint since it started; `active` and `handshaking` are as of now. */
export interface Counters {
  /** Connections open now. */
  active: number;
  /** Handshakes under way now. */
  handshaking: number;
  /** Connections handed to a handler. */
  accepted: number;
  /** Turned away: `maxConnections`. */
  refusedTotal: number;
  /** Turned away: `maxConnectionsPerAddress`. */
  refusedAddress: number;
  /** Turned away: `maxConnectionsPerIdentity`. */
  refusedIdentity: number;
  /** Turned away: `maxHandshakes`. */
  refusedHandshakes: number;
  /** Handshakes that failed: no common ALPN, garbage, broken off. */
  handshakeFailed: number;
  /** Handshakes and proofs that took longer than `handshakeTimeoutMs`. */
  handshakeTimeout: number;
  /** Peers refused for their key. */
  authRefused: number;
  /** Connections ended because a handler failed. */
  handlerFailed: number;
  /** Connections closed because the peer's permission was withdrawn. */
  revoked: number;
}

/** All counters at zero. */
export function zeroCounters(): Counters {
  return {
    active: 0,
    handshaking: 0,
    accepted: 0,
    refusedTotal: 0,
    refusedAddress: 0,
    refusedIdentity: 0,
    refusedHandshakes: 0,
    handshakeFailed: 0,
    handshakeTimeout: 0,
    authRefused: 0,
    handlerFailed: 0,
    revoked: 0,
  };
}
