import type { OperationRegistry, OperationSpec } from "@alknet/operations";

import { pause } from "./backoff.ts";

/** Changes that come together are told as one. */
const TOGETHER_MS = 50;

/** What a subscriber is told. */
export interface ListingChange {
  /** How many operations there are now. */
  readonly operations: number;
}

/**
 * Tells at once, and each time that a listing is not what was told last.
 *
 * @param list What is listed now; specs are told apart by identity.
 * @param signal Ends it.
 */
export async function* changesOf(
  registry: Pick<OperationRegistry, "onChange">,
  list: () => readonly OperationSpec[],
  signal: AbortSignal,
): AsyncGenerator<ListingChange, void> {
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  const stop = registry.onChange(wake);
  signal.addEventListener("abort", wake);
  try {
    for (let told: readonly OperationSpec[] | undefined; !signal.aborted;) {
      const now = list();
      if (!told || !isSame(told, now)) {
        told = now;
        yield { operations: now.length };
      }
      await changed.promise;
      await pause(TOGETHER_MS, signal);
      changed = Promise.withResolvers();
    }
  } finally {
    stop();
    signal.removeEventListener("abort", wake);
  }
}

function isSame(a: readonly OperationSpec[], b: readonly OperationSpec[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
