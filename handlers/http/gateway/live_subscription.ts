import { CallCode, CallError } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

import { eventText, type StreamEvent } from "./event.ts";
import { shownError } from "./call.ts";
import { outputText } from "./output_text.ts";

const log = getLogger(["alknet", "http"]);

/** Settings of a {@linkcode LiveSubscription}. */
export interface LiveSubscriptionOptions {
  /** Ends the operation behind it. */
  readonly abort: AbortController;
  /** How its events are kept for a subscriber that comes back. Default: they are not. */
  readonly replay?: ReplayOptions;
}

/** How events are kept. */
export interface ReplayOptions {
  /** Names the subscription; the ids of its events begin with it. */
  readonly id: string;
  /** Most events kept. */
  readonly maxEvents: number;
  /** Most characters of events kept. */
  readonly maxChars: number;
  /** How long it waits for its subscriber. */
  readonly windowMs: number;
}

/** One subscriber's view of a subscription. */
export interface Subscriber {
  /** The text of the next event; undefined at the end. */
  next(): Promise<string | undefined>;
  /** Leaves; more than once is fine. */
  leave(): void;
}

/**
 * A subscription to an operation with at most one subscriber. The operation is asked for an item
 * only when the subscriber wants one. When the subscriber leaves, the operation ends; with replay it
 * waits for a while, asked for nothing, and a subscriber that comes back gets what was sent and may
 * not have arrived.
 */
export class LiveSubscription {
  readonly #items: AsyncIterator<unknown>;
  readonly #options: LiveSubscriptionOptions;
  /** Events sent last, oldest first. */
  readonly #kept: string[] = [];
  #keptChars = 0;
  /** How many events there were. */
  #count = 0;
  #ended = false;
  #pending?: Promise<string> | undefined;
  #subscriber?: Subscriber | undefined;
  #timer?: ReturnType<typeof setTimeout> | undefined;
  #onClose: () => void = () => {};

  /** Takes the items over. */
  constructor(items: AsyncIterator<unknown>, options: LiveSubscriptionOptions) {
    this.#items = items;
    this.#options = options;
  }

  /** Called once, when it is over and nobody may come back. */
  set onClose(onClose: () => void) {
    this.#onClose = onClose;
  }

  /**
   * Lets a subscriber in; one that is there still has to leave.
   *
   * @param after How many events it has seen.
   * @returns Undefined where events after that are gone.
   */
  attach(after: number): Subscriber | undefined {
    const first = this.#count - this.#kept.length;
    if (after < first || after > this.#count) return undefined;
    this.#subscriber?.leave();
    clearTimeout(this.#timer);
    let seen = after;
    const subscriber: Subscriber = {
      next: async () => {
        if (this.#subscriber !== subscriber) return undefined;
        const at = seen++ - (this.#count - this.#kept.length);
        const kept = this.#kept[at];
        if (kept !== undefined) return kept;
        return this.#ended ? undefined : await this.#produced();
      },
      leave: () => {
        if (this.#subscriber === subscriber) this.#left();
      },
    };
    return this.#subscriber = subscriber;
  }

  /** Whether somebody who has seen so many events has seen them all, and none will come. */
  isOverFor(seen: number): boolean {
    return this.#ended && seen === this.#count;
  }

  /** Ends it, whoever is there. */
  close(reason?: unknown): void {
    clearTimeout(this.#timer);
    this.#subscriber = undefined;
    this.#options.abort.abort(reason);
    // The signal ends what waits; this ends a generator that waits for nothing.
    this.#items.return?.().catch(() => {});
    this.#onClose();
    this.#onClose = () => {};
  }

  #left(): void {
    this.#subscriber = undefined;
    const { replay } = this.#options;
    if (!replay) return this.close();
    this.#timer = setTimeout(() => this.close(), replay.windowMs);
  }

  /** A subscriber that comes back while an item is awaited waits for the same one. */
  #produced(): Promise<string> {
    return this.#pending ??= this.#produce().finally(() => this.#pending = undefined);
  }

  async #produce(): Promise<string> {
    const event = await nextEvent(this.#items);
    const { replay } = this.#options;
    this.#count++;
    this.#ended = event.last;
    const text = eventText(event, replay && `${replay.id}.${this.#count}`);
    if (replay) this.#keep(text, replay);
    return text;
  }

  #keep(text: string, { maxEvents, maxChars }: ReplayOptions): void {
    this.#kept.push(text);
    this.#keptChars += text.length;
    while (this.#kept.length > maxEvents || this.#keptChars > maxChars) {
      this.#keptChars -= this.#kept.shift()?.length ?? 0;
    }
  }
}

async function nextEvent(items: AsyncIterator<unknown>): Promise<StreamEvent> {
  try {
    const { value, done } = await items.next();
    if (done) return { event: "completed", data: {}, last: true };
    outputText(value); // what cannot be told is the operation's failure, not the stream's
    return { data: value, last: false };
  } catch (error) {
    if (error instanceof CallError) return { event: "error", data: shownError(error), last: true };
    log.warn("subscription.failed", { error });
    const told = new CallError(CallCode.Internal, "Internal error");
    return { event: "error", data: shownError(told), last: true };
  }
}
