/** Counts what each identity has open. */
export class IdentityCounter {
  readonly #open = new Map<string, number>();
  readonly #max: number;

  /** Allows `max` of each identity. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Takes a place: what to call when it is free again, or undefined when there is none. */
  enter(id: string): (() => void) | undefined {
    const count = this.#open.get(id) ?? 0;
    if (count >= this.#max) return undefined;
    this.#open.set(id, count + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const now = (this.#open.get(id) ?? 1) - 1;
      if (now > 0) this.#open.set(id, now);
      else this.#open.delete(id);
    };
  }
}
