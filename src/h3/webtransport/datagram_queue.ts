/** Messages that wait to be read; the oldest are dropped when there are too many. */
export class DatagramQueue {
  readonly #maxQueued: number;
  readonly #messages: Uint8Array<ArrayBuffer>[] = [];
  readonly #readers: PromiseWithResolvers<Uint8Array<ArrayBuffer>>[] = [];

  /** @param maxQueued How many may wait. */
  constructor(maxQueued: number) {
    this.#maxQueued = maxQueued;
  }

  /** Hands a message to who waits for one, or keeps it. */
  push(message: Uint8Array<ArrayBuffer>): void {
    const reader = this.#readers.shift();
    if (reader) return reader.resolve(message);
    this.#messages.push(message);
    if (this.#messages.length > this.#maxQueued) this.#messages.shift();
  }

  /** Resolves to the next message. */
  receive(): Promise<Uint8Array<ArrayBuffer>> {
    const message = this.#messages.shift();
    if (message) return Promise.resolve(message);
    const reader = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  /** Fails whoever waits. */
  fail(reason: unknown): void {
    for (const reader of this.#readers.splice(0)) reader.reject(reason);
  }
}
