import { CallCode, CallError } from "./call_error.ts";
import type { CallRequest } from "./context.ts";

/** How far requests may come. */
export interface HopLimits {
  /** This node, as it stands in `via`; undefined where it forwards nothing. */
  readonly nodeId: string | undefined;
  /** Most nodes a request may have passed. */
  readonly maxHops: number;
}

const DEFAULT_MAX_HOPS = 8;

/** Transports read no more than the last 64 nodes of a way, so that a limit above would not hold. */
const LARGEST_MAX_HOPS = 63;

/**
 * A limit of hops, 8 where none is given.
 *
 * @throws {RangeError} When it is no whole number from 0 to 63.
 */
export function checkMaxHops(maxHops: number = DEFAULT_MAX_HOPS): number {
  if (Number.isInteger(maxHops) && maxHops >= 0 && maxHops <= LARGEST_MAX_HOPS) return maxHops;
  throw new RangeError(`Cannot use limit maxHops ${maxHops}: write 0 to ${LARGEST_MAX_HOPS}`);
}

/**
 * Refuses a request that has come by here before, or from too far.
 *
 * @throws {CallError} LOOP_DETECTED.
 */
export function checkHops({ via = [], origin }: CallRequest, { nodeId, maxHops }: HopLimits): void {
  if (origin !== "wire") return; // the root of a composed call was checked
  if (nodeId !== undefined && via.includes(nodeId)) {
    throw new CallError(CallCode.LoopDetected, "Request has passed this node before");
  }
  if (via.length > maxHops) {
    throw new CallError(CallCode.LoopDetected, `Request has passed more than ${maxHops} nodes`);
  }
}
