/**
 * The compliance suite of the call protocol: whatever carries it, a new kind of connection too, runs
 * all of it.
 *
 * ```ts
 * import { callCompliance, memorySource } from "@alknet/call/testing";
 * import { ok } from "node:assert/strict";
 *
 * const oneStream = memorySource(true);
 * for (const { multiplexed, run } of callCompliance.slice(0, 2)) {
 *   if (oneStream.multiplexed || !multiplexed) await run(oneStream);
 * }
 * ok(callCompliance.length > 20);
 * ```
 *
 * @module
 */
export * from "./compliance.ts";
export * from "./source.ts";
