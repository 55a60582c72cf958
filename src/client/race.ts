/** One way to try, and when to begin with it. */
export interface Runner<T> {
  /** Milliseconds after the start at which it begins, unless everything before it has failed. */
  readonly delayMs: number;
  /** Tries; the signal aborts when another one has won. */
  start(signal: AbortSignal): Promise<T>;
  /** Throws away a result that came too late. */
  discard(late: T): void;
}

/** How a race ended: the winner's result and place, or every failure in order of the runners. */
export type RaceResult<T> =
  | { readonly won: T; readonly index: number }
  | { readonly errors: readonly unknown[] };

/**
 * Runs several attempts with head starts and takes the first that succeeds (after RFC 8305): a
 * runner starts at its delay, or at once when all before it have failed.
 *
 * @param runners In order of preference.
 * @param signal Ends the race; what has not failed by then fails with the signal's reason.
 * @returns The winner or the failures.
 */
export function race<T>(
  runners: readonly Runner<T>[],
  signal: AbortSignal,
): Promise<RaceResult<T>> {
  return new Race(runners, signal).result;
}

class Race<T> {
  readonly result: Promise<RaceResult<T>>;
  readonly #runners: readonly Runner<T>[];
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #errors: unknown[] = [];
  readonly #started = new Set<number>();
  readonly #timers: ReturnType<typeof setTimeout>[];
  readonly #resolve: (result: RaceResult<T>) => void;
  #failed = 0;
  #over = false;

  constructor(runners: readonly Runner<T>[], signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<RaceResult<T>>();
    this.result = promise;
    this.#resolve = resolve;
    this.#runners = runners;
    this.#signal = signal;
    this.#timers = runners.map(({ delayMs }, index) =>
      setTimeout(() => this.#begin(index), delayMs)
    );
    signal.addEventListener("abort", this.#aborted);
    if (signal.aborted) this.#aborted();
  }

  readonly #aborted = (): void => {
    const errors = this.#runners.map((_, index) => this.#errors[index] ?? this.#signal.reason);
    this.#finish({ errors });
  };

  async #begin(index: number): Promise<void> {
    const runner = this.#runners[index];
    if (!runner || this.#over || this.#started.has(index)) return;
    this.#started.add(index);
    try {
      const value = await runner.start(this.#stop.signal);
      if (this.#over) runner.discard(value);
      else this.#finish({ won: value, index });
    } catch (error) {
      this.#lost(index, error);
    }
  }

  #lost(index: number, error: unknown): void {
    this.#errors[index] = error;
    this.#failed++;
    if (this.#failed === this.#runners.length) this.#finish({ errors: this.#errors });
    else if (this.#failed === this.#started.size) this.#begin(this.#next());
  }

  #next(): number {
    return this.#runners.findIndex((_, index) => !this.#started.has(index));
  }

  #finish(result: RaceResult<T>): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#signal.removeEventListener("abort", this.#aborted);
    this.#resolve(result);
    this.#stop.abort();
  }
}
