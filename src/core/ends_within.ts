/**
 * Waits for something, but not for longer than a time.
 *
 * @param task What is waited for; when it rejects in time, so does this.
 * @param timeoutMs The time, in milliseconds.
 * @returns Whether it has ended.
 *
 * @example
 * ```ts
 * import { endsWithin } from "@alknet/core/transport";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(await endsWithin(Promise.resolve(), 1_000), true);
 * strictEqual(await endsWithin(new Promise(() => {}), 1), false);
 * ```
 */
export async function endsWithin(task: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  try {
    return await Promise.race([task.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
