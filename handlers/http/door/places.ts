/** Counts what each of many callers has under way; callers with nothing take no memory. */
export class Places {
  readonly #maxEach: number;
  readonly #taken = new Map<string, number>();

  /** Begins empty. */
  constructor(maxEach: number) {
    this.#maxEach = maxEach;
  }

  /**
   * Takes a place for a caller.
   *
   * @returns What gives it back, once; undefined where there is no room.
   */
  take(key: string): Disposable | undefined {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= this.#maxEach) return undefined;
    this.#taken.set(key, taken + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#giveBack(key);
      },
    };
  }

  #giveBack(key: string): void {
    const left = (this.#taken.get(key) ?? 0) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }
}
