/** Lets one caller at a time do its work, in order of arrival. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for everybody before; dispose of what it returns to let the next one go. */
  async take(): Promise<Disposable> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return { [Symbol.dispose]: resolve };
  }
}
