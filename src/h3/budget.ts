/** How much of something a peer may do: so many at once, and so many more each second. */
export class Budget {
  readonly #capacity: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** @param now Milliseconds, for tests. */
  constructor(capacity: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#capacity = capacity;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = capacity;
    this.#at = now();
  }

  /** Spends one; returns false when nothing is left. */
  spend(): boolean {
    const now = this.#now();
    this.earn((now - this.#at) / 1_000 * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Gives some back. */
  earn(count: number): void {
    this.#left = Math.min(this.#capacity, this.#left + count);
  }
}
