import { CallCode, CallError } from "./call_error.ts";
import type { CallRequest } from "./context.ts";

/** How far requests may come. */
export interface HopLimits {
  /** This node, as it stands in `via`; undefined where it forwards nothing. */
  readonly nodeId: string | undefined;
  /** Most nodes a request may have passed. */
  readonly maxHops: number;
}

/** Most nodes a request may have passed, where nothing else is said. */
export const DEFAULT_MAX_HOPS = 8;

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
