/** Bounds of waits that double from one failure to the next. */
export interface BackoffOptions {
  /** First wait, in milliseconds. */
  readonly firstMs: number;
  /** Longest wait, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The wait after the given number of failures: half of it random, so that clients spread out.
 *
 * @example
 * ```ts
 * import { backoffMs } from "@alknet/core";
 * import { ok } from "node:assert/strict";
 *
 * const waitMs = backoffMs(3, { firstMs: 1_000, maxMs: 60_000 });
 * ok(waitMs >= 2_000 && waitMs <= 4_000);
 * ```
 */
export function backoffMs(failures: number, { firstMs, maxMs }: BackoffOptions): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.max(0, failures - 1));
  return full / 2 + Math.random() * full / 2;
}

/** Waits; returns early, without an error, when the signal fires. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener("abort", () => resolve(), { once: true, signal: ended(promise) });
  return promise.finally(() => clearTimeout(timer));
}

/** A signal that takes a listener away once the promise is settled. */
function ended(promise: Promise<void>): AbortSignal {
  const controller = new AbortController();
  promise.finally(() => controller.abort());
  return controller.signal;
}
