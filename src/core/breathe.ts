import { setImmediate as nextTurn } from "node:timers";

/** Milliseconds of work in one turn of the event loop. */
const SLICE_MS = 2;

/** When the work of this turn began; undefined before the first of it. */
let began: number | undefined;

/**
 * Lets the event loop turn when this turn has been long enough, and else returns at once. Work that
 * never waits (SQLite, small files) would as a chain of awaited promises keep timers and sockets
 * waiting to its very end.
 *
 * @returns Something to await, where there is something to wait for.
 *
 * @example
 * ```ts
 * import { breathe } from "@alknet/core";
 * import { ok } from "node:assert/strict";
 *
 * let turned = false;
 * setTimeout(() => turned = true);
 * const begun = performance.now();
 * while (performance.now() - begun < 500 && !turned) await breathe();
 * ok(turned);
 * ```
 */
export function breathe(): Promise<void> | undefined {
  const now = performance.now();
  if (began === undefined) {
    began = now;
    nextTurn(() => began = undefined);
  } else if (now - began > SLICE_MS) return new Promise((resolve) => nextTurn(resolve));
  return undefined;
}
