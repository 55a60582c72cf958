/** What callers of {@linkcode webApp} may make a node hold or do; see the README. */
export interface WebLimits {
  /** Bytes of a request's body. Default: 1,048,576. */
  readonly maxBodyBytes: number;
  /** Time for a request's body to arrive. Default: 10,000. */
  readonly bodyTimeoutMs: number;
  /** Requests a second of one identity, in the long run. Default: 1,000. */
  readonly ratePerIdentity: number;
  /** Requests of one identity at once, after a pause. Default: 2,000. */
  readonly burstPerIdentity: number;
  /** Requests a second of strangers from one address. Default: 100. */
  readonly ratePerAddress: number;
  /** Requests of strangers from one address at once, after a pause. Default: 200. */
  readonly burstPerAddress: number;
  /** Callers whose rate is kept in mind. Default: 10,000. */
  readonly maxRatedCallers: number;
  /** Requests under way of one identity, subscriptions among them. Default: 128. */
  readonly maxRequestsPerIdentity: number;
  /** Requests under way of strangers from one address. Default: 32. */
  readonly maxRequestsPerAddress: number;
  /** Time for a query or mutation whose caller names none. Default: 30,000. */
  readonly defaultTimeoutMs: number;
  /** Longest time a caller may name. Default: 600,000. */
  readonly maxTimeoutMs: number;
  /** Calls of a batch. Default: 64. */
  readonly maxBatchItems: number;
  /** Silence after which a subscription sends a comment. Default: 15,000. */
  readonly heartbeatMs: number;
  /** Time a subscriber may leave what is sent unread. Default: 60,000. */
  readonly stalledMs: number;
  /** Time a resumable subscription waits for its subscriber to come back. Default: 30,000. */
  readonly resumeWindowMs: number;
  /** Events a resumable subscription keeps for its subscriber. Default: 256. */
  readonly maxReplayEvents: number;
  /** Characters of events a resumable subscription keeps. Default: 262,144. */
  readonly maxReplayChars: number;
  /** Resumable subscriptions of one identity. Default: 16. */
  readonly maxResumablePerIdentity: number;
  /** Time an answer to a request with an idempotency key is kept. Default: 86,400,000. */
  readonly idempotencyMs: number;
  /** Idempotency keys kept in all. Default: 10,000. */
  readonly maxIdempotencyKeys: number;
  /** Idempotency keys kept of one identity. Default: 1,000. */
  readonly maxIdempotencyKeysPerIdentity: number;
  /** Characters of kept answers in all. Default: 16,777,216. */
  readonly maxIdempotencyChars: number;
  /** Characters of one kept answer. Default: 262,144. */
  readonly maxIdempotentAnswerChars: number;
}

/** What {@linkcode webApp} uses where nothing else is said. */
export const DEFAULT_WEB_LIMITS: WebLimits = {
  maxBodyBytes: 1_048_576,
  bodyTimeoutMs: 10_000,
  ratePerIdentity: 1_000,
  burstPerIdentity: 2_000,
  ratePerAddress: 100,
  burstPerAddress: 200,
  maxRatedCallers: 10_000,
  maxRequestsPerIdentity: 128,
  maxRequestsPerAddress: 32,
  defaultTimeoutMs: 30_000,
  maxTimeoutMs: 600_000,
  maxBatchItems: 64,
  heartbeatMs: 15_000,
  stalledMs: 60_000,
  resumeWindowMs: 30_000,
  maxReplayEvents: 256,
  maxReplayChars: 262_144,
  maxResumablePerIdentity: 16,
  idempotencyMs: 86_400_000,
  maxIdempotencyKeys: 10_000,
  maxIdempotencyKeysPerIdentity: 1_000,
  maxIdempotencyChars: 16_777_216,
  maxIdempotentAnswerChars: 262_144,
};

/**
 * Fills in defaults.
 *
 * @throws {RangeError} For a limit that is no positive number.
 */
export function webLimits(limits: Partial<WebLimits> = {}): WebLimits {
  const all = { ...DEFAULT_WEB_LIMITS, ...limits };
  for (const [name, value] of Object.entries(all)) {
    if (value > 0) continue;
    throw new RangeError(`Cannot use limit ${name} ${value}: it must be above 0`);
  }
  return all;
}
