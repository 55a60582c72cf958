import { CALLS } from "./cases/calls.ts";
import { ENDS } from "./cases/ends.ts";
import { LIMITS } from "./cases/limits.ts";
import { SUBSCRIPTIONS } from "./cases/subscriptions.ts";
import { WIRE } from "./cases/wire.ts";
import type { CallSource } from "./source.ts";

/** One thing the call protocol does, whatever carries it. */
export interface CallComplianceCase {
  /** A sentence. */
  readonly name: string;
  /** Whether it needs several streams. */
  readonly multiplexed: boolean;
  /** Runs it; rejects when the source does not comply. */
  run(source: CallSource): Promise<void>;
}

/**
 * What callers and operations may rely on, whatever carries the protocol. Everything that does runs
 * all of it:
 *
 * @example
 * ```ts
 * import { callCompliance, memorySource } from "@alknet/call/testing";
 *
 * const [first] = callCompliance;
 * await first?.run(memorySource());
 * ```
 */
export const callCompliance: readonly CallComplianceCase[] = [
  ...CALLS,
  ...SUBSCRIPTIONS,
  ...ENDS,
  ...LIMITS,
  ...WIRE,
];
