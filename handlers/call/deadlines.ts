/** A deadline that can be given up. */
export interface Deadline {
  /** Gives it up: nothing is called any more. */
  clear(): void;
}

/** Deadlines that are the same time away, in the order in which they end. */
interface Row {
  readonly entries: Map<Deadline, { readonly endsAt: number; readonly expire: () => void }>;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * Deadlines of many requests with few timers. Requests mostly take the default time, so those with
 * the same stand in a row: the first has the timer, and the others cost an entry in a map. Each is
 * called as late as a timer of its own would be.
 */
export class Deadlines {
  readonly #rows = new Map<number, Row>();

  /**
   * Calls back after a time.
   *
   * @param ms From now; at most {@linkcode MAX_TIMER_MS}.
   */
  add(ms: number, expire: () => void): Deadline {
    const row = this.#rows.get(ms) ?? this.#begin(ms);
    const { entries } = row;
    const deadline = {
      clear: (): void => {
        if (entries.delete(deadline) && entries.size === 0) this.#drop(ms, row);
      },
    };
    entries.set(deadline, { endsAt: performance.now() + ms, expire });
    return deadline;
  }

  #begin(ms: number): Row {
    const row: Row = { entries: new Map(), timer: this.#wake(ms, ms) };
    this.#rows.set(ms, row);
    return row;
  }

  #wake(ms: number, inMs: number): Row["timer"] {
    return setTimeout(() => this.#expire(ms), inMs);
  }

  #expire(ms: number): void {
    const row = this.#rows.get(ms);
    if (!row) return;
    for (const [deadline, { endsAt, expire }] of row.entries) {
      const leftMs = endsAt - performance.now();
      if (leftMs > 0) return void (row.timer = this.#wake(ms, leftMs));
      row.entries.delete(deadline);
      expire();
    }
    if (row.entries.size === 0 && this.#rows.get(ms) === row) this.#rows.delete(ms);
  }

  #drop(ms: number, row: Row): void {
    clearTimeout(row.timer);
    if (this.#rows.get(ms) === row) this.#rows.delete(ms);
  }
}

/** Those of this program. */
export const DEADLINES = new Deadlines();
