import type { CallClient } from "@alknet/call";

import { pause } from "@alknet/core";

/** A peer's `services/changes`, which peers need not have. */
export class ListingChanges implements AsyncIterable<unknown> {
  readonly #stop = new AbortController();
  readonly #items: AsyncGenerator<unknown, void>;

  /** @param signal Aborts when the connection is over. */
  constructor(client: CallClient, signal: AbortSignal) {
    this.#items = client.subscribe("services/changes", {}, {
      signal: AbortSignal.any([signal, this.#stop.signal]),
      stream: "shared",
      windowItems: 1, // several changes while we are busy are one to us
    });
  }

  /**
   * Waits until the peer tells that it watches: what changes from then on is not missed.
   *
   * @returns False when it does not, for whatever reason; the import that follows shows which.
   */
  async begin(timeoutMs: number): Promise<boolean> {
    const first = this.#items.next().then(({ done }) => !done, () => false);
    const waited = new AbortController();
    const late = pause(timeoutMs, waited.signal).then(() => false);
    const begun = await Promise.race([first, late]);
    waited.abort();
    if (!begun) this.end();
    return begun;
  }

  /** Wants to know no more. */
  end(): void {
    this.#stop.abort();
  }

  /** Each further change. */
  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.#items;
  }
}
