import { HARD_MAX_BYTES } from "./envelope.ts";

/** What one peer may make this side hold, see handlers/call/README.md. */
export interface CallLimits {
  /** Longest envelope of a peer with an identity, in bytes; at most 64 MiB. Default: 67,108,864. */
  readonly maxFrameBytes: number;
  /** Longest envelope of a stranger, in bytes. Default: 1,048,576. */
  readonly maxAnonymousFrameBytes: number;
  /** Requests under way on one connection, subscriptions among them. Default: 256. */
  readonly maxRequests: number;
  /** Calls of one batch; each counts as a request. Default: 64. */
  readonly maxBatchCalls: number;
  /** Subscriptions under way on one connection. Default: 128. */
  readonly maxSubscriptions: number;
  /**
   * Inputs under way, outputs that wait to be sent and frames half received on one connection, in
   * bytes. Default: 134,217,728.
   */
  readonly maxBytes: number;
  /** Requests under way of one identity; strangers of one address are one. Default: 1,024. */
  readonly maxRequestsPerIdentity: number;
  /** Inputs under way and outputs that wait, of one identity, in bytes. Default: 268,435,456. */
  readonly maxBytesPerIdentity: number;
  /** Time for queries and mutations whose caller names none, in milliseconds. Default: 30,000. */
  readonly defaultTimeoutMs: number;
  /** Longest time a caller may name, in milliseconds. Default: 3,600,000. */
  readonly maxTimeoutMs: number;
}

/** Longest time a timer can be set to: 24 days. */
export const MAX_TIMER_MS = 2_147_483_647;

const DEFAULTS: CallLimits = {
  maxFrameBytes: HARD_MAX_BYTES,
  maxAnonymousFrameBytes: 1_048_576,
  maxRequests: 256,
  maxBatchCalls: 64,
  maxSubscriptions: 128,
  maxBytes: 134_217_728,
  maxRequestsPerIdentity: 1_024,
  maxBytesPerIdentity: 268_435_456,
  defaultTimeoutMs: 30_000,
  maxTimeoutMs: 3_600_000,
};

/**
 * Fills in defaults.
 *
 * @throws {RangeError} For a limit that is no positive number, frames above 64 MiB and times above
 * 24 days.
 */
export function callLimits(limits: Partial<CallLimits> = {}): CallLimits {
  const all = { ...DEFAULTS, ...limits };
  for (const [name, value] of Object.entries(all)) {
    if (value > 0) continue;
    throw new RangeError(`Cannot use limit ${name} ${value}: it must be above 0`);
  }
  if (Math.max(all.maxFrameBytes, all.maxAnonymousFrameBytes) > HARD_MAX_BYTES) {
    throw new RangeError(`Cannot take frames above ${HARD_MAX_BYTES} bytes`);
  }
  if (Math.max(all.defaultTimeoutMs, all.maxTimeoutMs) > MAX_TIMER_MS) {
    throw new RangeError(`Cannot time out after more than ${MAX_TIMER_MS} ms`);
  }
  return all;
}
