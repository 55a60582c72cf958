import type { CreditGrant } from "./payloads.ts";

/**
 * What a subscription may still send. Items count one by one; bytes may be overdrawn by the item
 * that is larger than what is left, so that every item gets through.
 */
export class Credit {
  #items: number;
  #bytes: number;
  #waiting?: () => void;

  /** @param first What the request itself granted. */
  constructor({ items, bytes }: CreditGrant) {
    this.#items = items;
    this.#bytes = bytes;
  }

  /** Whether one more item may be sent. */
  get open(): boolean {
    return this.#items >= 1 && this.#bytes > 0;
  }

  /** Takes a further grant. */
  grant({ items, bytes }: CreditGrant): void {
    this.#items += items;
    this.#bytes += bytes;
    if (this.open) this.release();
  }

  /** Counts one item that was sent. */
  spend(bytes: number): void {
    this.#items -= 1;
    this.#bytes -= bytes;
  }

  /** Resolves when there is credit, or when {@linkcode release} says there will be none. */
  async wait(): Promise<void> {
    if (this.open) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = resolve;
    await promise;
  }

  /** Wakes who waits. */
  release(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
