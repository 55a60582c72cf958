import type { OperationSpec } from "@alknet/operations";

import { pause } from "@alknet/core";

/** Changes that come together are told as one. */
const TOGETHER_MS = 50;

/** What a subscriber is told. */
export interface ListingChange {
  /** How many operations there are now. */
  readonly operations: number;
}

/** Something that may change what is listed. */
export interface ChangeSource {
  /** Calls back after each change; returns what stops it. */
  onChange(listener: () => void): () => void;
}

/**
 * Tells at once, and each time that a listing is not what was told last.
 *
 * @param sources What may change it.
 * @param list What is listed now; specs are told apart by identity.
 * @param signal Ends it.
 */
export async function* changesOf(
  sources: readonly ChangeSource[],
  list: () => readonly OperationSpec[],
  signal: AbortSignal,
): AsyncGenerator<ListingChange, void> {
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  const stops = sources.map((source) => source.onChange(wake));
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
    for (const stop of stops) stop();
    signal.removeEventListener("abort", wake);
  }
}

function isSame(a: readonly OperationSpec[], b: readonly OperationSpec[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
