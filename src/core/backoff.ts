/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Wait after the first failure, in milliseconds. Default: 1,000. */
  readonly firstMs?: number;
  /** Longest wait, in milliseconds. Default: 60,000. */
  readonly maxMs?: number;
  /** A number from 0 to below 1, so that many do not come back at once. Default: at random. */
  readonly random?: () => number;
}

/**
 * Time to wait before the next attempt: twice as long after each failure, less a random part of up
 * to half of it.
 *
 * @param failures Attempts that have failed in a row.
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
export function backoffMs(failures: number, options: BackoffOptions = {}): number {
  const { firstMs = 1_000, maxMs = 60_000, random = Math.random } = options;
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, failures - 1), 30));
  return whole * (1 - random() / 2);
}

/** Waits; resolves early, and never rejects, when the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const wake = (): void => resolve();
  signal?.addEventListener("abort", wake);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", wake);
  }
}
