import { aborted, timedOut } from "./call_error.ts";
import { type Deadline, DEADLINES } from "./deadlines.ts";
import { MAX_TIMER_MS } from "./limits.ts";
import type { Sink } from "./sink.ts";

/** A request of ours that waits for frames. */
export interface Pending {
  /** Where it was sent; undefined while it was not. */
  sink?: Sink;
  /** Takes one value, or says when reading may go on. */
  responded(output: unknown, bytes: number): Promise<void> | undefined;
  /** Takes the end of a subscription. */
  completed(): void;
  /** Takes the end of anything else; does nothing when it has ended before. */
  fail(error: unknown): void;
}

/** What bounds a request of ours. */
export interface PendingOptions {
  /** Milliseconds until it fails; undefined for never. */
  readonly timeoutMs?: number;
  /** Ends it early. */
  readonly signal?: AbortSignal;
  /** Told once when it has ended, and whether the peer has to be told. */
  readonly ended: (tellPeer: boolean) => void;
}

/** Deadline and signal of a request of ours. */
export class Bounds {
  readonly #signal?: AbortSignal;
  readonly #deadline?: Deadline;
  readonly #onAbort: () => void;

  /** @param fail Called with why it is over. */
  constructor({ timeoutMs, signal }: PendingOptions, fail: (error: unknown) => void) {
    this.#signal = signal;
    this.#onAbort = () => fail(signal?.reason ?? aborted());
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (timeoutMs !== undefined && timeoutMs <= MAX_TIMER_MS) {
      this.#deadline = DEADLINES.add(timeoutMs, () => fail(timedOut(timeoutMs)));
    }
  }

  /** Stops watching. */
  clear(): void {
    this.#deadline?.clear();
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

/** A query or mutation under way: one value or one error. */
export class OutboundCall implements Pending {
  sink?: Sink;
  readonly #result = Promise.withResolvers<unknown>();
  readonly #bounds: Bounds;
  readonly #ended: (tellPeer: boolean) => void;
  #over = false;

  /** Starts the clock. */
  constructor(options: PendingOptions) {
    this.#ended = options.ended;
    this.#bounds = new Bounds(options, (error) => this.#settle(true, error));
  }

  /** The value, or the rejection. */
  get result(): Promise<unknown> {
    return this.#result.promise;
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  responded(output: unknown): undefined {
    this.#result.resolve(output);
    this.#settle(false);
  }

  completed(): void {
    this.responded(null); // a peer that takes us for a subscriber, and has nothing to say
  }

  fail(error: unknown): void {
    this.#settle(false, error);
  }

  #settle(tellPeer: boolean, error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#bounds.clear();
    if (error !== undefined) this.#result.reject(error);
    this.#ended(tellPeer && this.sink !== undefined);
  }
}
