import type { Awaitable } from "../../backend.ts";
import { ASYNC_CALLS, SYNC_CALLS, type SystemCalls } from "./system_calls.ts";

/** Longest a call on this thread may take before the next ones go elsewhere. */
const SLOW_MS = 4;
/** How long they do after the first slow call. */
const FIRST_PENALTY_MS = 100;
/** How long at most; a call that is slow soon after the last penalty doubles it. */
const MAX_PENALTY_MS = 10_000;

/**
 * Chooses where system calls run. On this thread each costs a few microseconds, a thread of the
 * runtime costs fifty and the wait for its turn; but a disk that has to seek, or a network file
 * system, would hold up everybody. So calls run here until one was slow, then elsewhere for a while:
 * a short one, since a busy machine makes a call look slow too, and longer each time it happens
 * again at once.
 */
export class Pace {
  #slowUntil = -Infinity;
  #penaltyMs = 0;
  readonly #now: () => number;

  /** Takes a clock in milliseconds, for tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Runs a call where it holds up nobody. */
  run<T>(call: (calls: SystemCalls) => Awaitable<T>): Awaitable<T> {
    const begun = this.#now();
    if (begun < this.#slowUntil) return call(ASYNC_CALLS);
    try {
      return call(SYNC_CALLS);
    } finally {
      const ended = this.#now();
      if (ended - begun > SLOW_MS) this.#slow(ended);
    }
  }

  #slow(now: number): void {
    const again = now - this.#slowUntil < this.#penaltyMs;
    this.#penaltyMs = again ? Math.min(MAX_PENALTY_MS, this.#penaltyMs * 2) : FIRST_PENALTY_MS;
    this.#slowUntil = now + this.#penaltyMs;
  }

  /** Runs a call that is never quick. */
  runElsewhere<T>(call: (calls: SystemCalls) => Awaitable<T>): Awaitable<T> {
    return call(ASYNC_CALLS);
  }
}
