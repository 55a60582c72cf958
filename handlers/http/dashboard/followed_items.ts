import { CallError } from "@alknet/operations";

import type { Subscriber } from "../gateway/live_subscription.ts";

/** Tells the browser how long to wait before it comes back. */
const RETRY = "retry: 5000\n\n";

/**
 * Items of a subscription as a page follows them: an event `item` for each, and `end` with a word at
 * the end.
 */
export class FollowedItems implements Subscriber {
  readonly #items: AsyncIterator<unknown>;
  #state: "new" | "following" | "ended" = "new";
  #first?: Promise<IteratorResult<unknown>> | undefined;

  /** Takes the items over and asks for the first at once: what happens from now on is followed. */
  constructor(items: AsyncIterable<unknown>) {
    this.#items = items[Symbol.asyncIterator]();
    this.#first = this.#items.next();
    this.#first.catch(() => {}); // told when its turn comes
  }

  /** The text of the next event; undefined at the end. */
  async next(): Promise<string | undefined> {
    if (this.#state === "ended") return undefined;
    if (this.#state === "following") return await this.#event();
    this.#state = "following";
    return RETRY;
  }

  /** Asks for no more; the items end when what waits in them is aborted. */
  leave(): void {
    this.#state = "ended";
    this.#items.return?.().catch(() => {}); // how they end interests nobody any more
  }

  async #event(): Promise<string> {
    try {
      const { done, value } = await (this.#first ?? this.#items.next());
      this.#first = undefined;
      if (!done) return event("item", JSON.stringify(value, null, 2));
      this.#state = "ended";
      return event("end", "It has ended");
    } catch (error) {
      this.#state = "ended";
      const isKnown = error instanceof CallError;
      return event("end", isKnown ? `${error.code}: ${error.message}` : "It has failed");
    }
  }
}

/** Several lines of data become one text with line breaks again at the other end. */
function event(name: string, data: string): string {
  return `event: ${name}\n${data.split("\n").map((line) => `data: ${line}\n`).join("")}\n`;
}
