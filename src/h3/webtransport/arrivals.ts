import type { Lifetime } from "@alknet/core/transport";

/** What a peer opened and nobody has taken yet; bounded by the streams the transport allows. */
export class Arrivals<T> {
  readonly #items: T[] = [];
  #change = Promise.withResolvers<void>();

  /** @param lifetime Ends the waiting. */
  constructor(lifetime: Lifetime) {
    this.#lifetime = lifetime;
    lifetime.closed.then(() => this.#change.resolve());
  }

  readonly #lifetime: Lifetime;

  /** Adds one. */
  push(item: T): void {
    this.#items.push(item);
    this.#change.resolve();
  }

  /** Takes the next, waiting for it; undefined when there will be none. */
  async next(): Promise<T | undefined> {
    while (this.#items.length === 0 && !this.#lifetime.info) {
      this.#change = Promise.withResolvers<void>();
      await this.#change.promise;
    }
    return this.#items.shift();
  }
}
