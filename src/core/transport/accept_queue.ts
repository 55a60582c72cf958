/**
 * Incoming streams as an async iterable that can be ended from this side. It pulls from the
 * transport only while somebody waits, so a peer's streams queue under the transport's own limit.
 */
export class AcceptQueue<T> implements AsyncIterable<T> {
  readonly #pull: () => Promise<T | undefined>;
  readonly #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  readonly #ready: T[] = [];
  #pulling = false;
  #ended = false;

  /**
   * Pulls nothing yet.
   *
   * @param pull Resolves to the next item, or undefined when there will be none; never rejects.
   */
  constructor(pull: () => Promise<T | undefined>) {
    this.#pull = pull;
  }

  /** Ends the iteration for everybody who waits and everybody who will. */
  end(): void {
    this.#ended = true;
    for (const resolve of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
  }

  /** Several iterations share the items. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#ready.shift();
    if (item !== undefined) return Promise.resolve({ done: false, value: item });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    const { promise, resolve } = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.#waiting.push(resolve);
    if (!this.#pulling) this.#start();
    return promise;
  }

  async #start(): Promise<void> {
    this.#pulling = true;
    while (this.#waiting.length > 0 && !this.#ended) {
      const item = await this.#pull();
      if (item === undefined) this.end();
      else this.#deliver(item);
    }
    this.#pulling = false;
  }

  #deliver(item: T): void {
    const resolve = this.#waiting.shift();
    if (resolve) resolve({ done: false, value: item });
    else if (!this.#ended) this.#ready.push(item);
  }
}
