import { setImmediate as nextTurn } from "node:timers";

/** Milliseconds of work on the database in one turn of the event loop. */
const SLICE_MS = 2;

/** When the work of this turn began; undefined before the first of it. */
let began: number | undefined;

/**
 * Lets the event loop turn when the database has had its share of this turn, and else returns at
 * once. SQLite answers without waiting, so a chain of awaited statements would keep timers and
 * sockets waiting to its very end.
 */
export function breathe(): Promise<void> | undefined {
  const now = performance.now();
  if (began === undefined) {
    began = now;
    nextTurn(() => began = undefined);
  } else if (now - began > SLICE_MS) return new Promise((resolve) => nextTurn(resolve));
  return undefined;
}
