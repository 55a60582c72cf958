import type { Identity } from "@alknet/core";

/** How many sessions each identity has. */
export class SessionCounts {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  /** Takes the most that one identity may have. */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Takes a place for a session.
   *
   * @returns What gives the place back; undefined for strangers, and where no place is left.
   */
  enter(identity: Identity | undefined): Disposable | undefined {
    const id = identity?.id;
    const count = id === undefined ? this.#max : this.#counts.get(id) ?? 0;
    if (id === undefined || count >= this.#max) return undefined;
    this.#counts.set(id, count + 1);
    return { [Symbol.dispose]: () => this.#leave(id) };
  }

  #leave(id: string): void {
    const count = (this.#counts.get(id) ?? 1) - 1;
    if (count > 0) this.#counts.set(id, count);
    else this.#counts.delete(id);
  }
}
