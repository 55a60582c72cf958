/** Bounds of one HTTP/3 connection; each is enforced (README, Limits). */
export interface H3Limits {
  /** Largest head or trailers: names, values and 32 bytes a line. Default: 65,536. */
  readonly maxFieldSectionBytes: number;
  /** Largest dynamic table of the peer's QPACK encoder. Default: 4,096. */
  readonly maxTableBytes: number;
  /** Streams that may wait for entries of that table. Default: 16. */
  readonly maxBlockedStreams: number;
  /** Requests whose handlers run at once, given-up ones included. Default: 128. */
  readonly maxRequests: number;
  /** WebTransport sessions at once. Default: 16. */
  readonly maxSessions: number;
  /** Streams held for WebTransport sessions that are not there yet. Default: 16. */
  readonly maxEarlyStreams: number;
  /** Datagrams held for a session that does not read them; older ones are dropped. Default: 64. */
  readonly maxQueuedDatagrams: number;
  /** Bytes held for a peer that does not read its QPACK or control stream. Default: 65,536. */
  readonly maxUnsentBytes: number;
  /** Frames without effect (see README) in a row; 100 more each second. Default: 1,000. */
  readonly maxIdleFrames: number;
  /** Requests given up by the client in a row; 50 more each second. Default: 200. */
  readonly maxAbortedRequests: number;
  /** Content read for nothing once the response is out, before the client is stopped. Default: 16 MiB. */
  readonly maxDiscardedBytes: number;
  /** Time for that. Default: 5,000. */
  readonly discardTimeoutMs: number;
  /** Time for a request's head once its stream has begun. Default: 10,000. */
  readonly headTimeoutMs: number;
  /** Time without a request or session until the connection is ended. Default: 60,000. */
  readonly idleTimeoutMs: number;
  /** How often a waiting response looks whether its client is still there. Default: 1,000. */
  readonly probeIntervalMs: number;
}

/** What is used where nothing else is said. */
export const DEFAULT_H3_LIMITS: H3Limits = {
  maxFieldSectionBytes: 65_536,
  maxTableBytes: 4_096,
  maxBlockedStreams: 16,
  maxRequests: 128,
  maxSessions: 16,
  maxEarlyStreams: 16,
  maxQueuedDatagrams: 64,
  maxUnsentBytes: 65_536,
  maxIdleFrames: 1_000,
  maxAbortedRequests: 200,
  maxDiscardedBytes: 16 * 1024 * 1024,
  discardTimeoutMs: 5_000,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  probeIntervalMs: 1_000,
};
