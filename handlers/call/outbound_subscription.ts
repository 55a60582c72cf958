import { exhausted } from "./call_error.ts";
import { Bounds, type Pending, type PendingOptions } from "./outbound_call.ts";
import type { CreditGrant } from "./payloads.ts";
import type { Sink } from "./sink.ts";

/** What bounds a subscription of ours. */
export interface SubscriptionOptions extends PendingOptions {
  /** What may be on its way here at once. */
  readonly window: CreditGrant;
  /** Sends a further grant. */
  readonly grant: (grant: CreditGrant) => void;
}

interface Item {
  readonly output: unknown;
  readonly bytes: number;
}

/**
 * A subscription under way. It holds what its window allows and no more: half a window consumed is
 * granted anew. A peer that sends beyond the window has its stream's reading held up where that
 * stream carries nothing else; on a shared stream the subscription fails.
 */
export class OutboundSubscription implements Pending {
  sink?: Sink;
  readonly #options: SubscriptionOptions;
  readonly #bounds: Bounds;
  readonly #queue: Item[] = [];
  #queuedBytes = 0;
  #consumed = { items: 0, bytes: 0 };
  #over = false;
  #error?: { readonly cause: unknown };
  #changed = Promise.withResolvers<void>();
  #roomy?: () => void;

  /** Starts the clock. */
  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#bounds = new Bounds(options, (error) => this.#end(true, { cause: error }));
  }

  /** Whether it has ended; items may still be queued. */
  get over(): boolean {
    return this.#over;
  }

  /** The next item, or undefined at the end; throws why it failed after the last item. */
  async take(): Promise<Item | undefined> {
    while (this.#queue.length === 0 && !this.#over) {
      this.#changed = Promise.withResolvers<void>();
      await this.#changed.promise;
    }
    const item = this.#queue.shift();
    if (item) this.#consume(item.bytes);
    else if (this.#error) throw this.#error.cause;
    return item;
  }

  responded(output: unknown, bytes: number): Promise<void> | undefined {
    if (this.#over) return;
    if (this.#full && !this.sink?.exclusive) {
      this.#end(true, { cause: exhausted("Peer sent more of a subscription than was asked for") });
      return;
    }
    this.#queue.push({ output, bytes });
    this.#queuedBytes += bytes;
    this.#changed.resolve();
    if (this.#full && this.sink?.exclusive) return new Promise((resolve) => this.#roomy = resolve);
  }

  completed(): void {
    this.#end(false);
  }

  fail(error: unknown): void {
    this.#end(false, { cause: error });
  }

  /** Gives up from this side; the peer is told, and what is queued is dropped. */
  close(): void {
    this.#queue.length = 0;
    this.#end(true);
  }

  /** A peer that keeps to its credit sends nothing more: only its last item may overdraw bytes. */
  get #full(): boolean {
    const { items, bytes } = this.#options.window;
    return this.#queue.length >= items || this.#queuedBytes >= bytes;
  }

  #consume(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#consumed.items += 1;
    this.#consumed.bytes += bytes;
    if (!this.#full) this.#wake();
    const { window, grant } = this.#options;
    const due = this.#consumed.items * 2 >= window.items ||
      this.#consumed.bytes * 2 >= window.bytes;
    if (!due || this.#over) return;
    grant(this.#consumed);
    this.#consumed = { items: 0, bytes: 0 };
  }

  #end(tellPeer: boolean, error?: { readonly cause: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#bounds.clear();
    this.#wake();
    this.#changed.resolve();
    this.#options.ended(tellPeer && this.sink !== undefined);
  }

  #wake(): void {
    this.#roomy?.();
    this.#roomy = undefined;
  }
}
