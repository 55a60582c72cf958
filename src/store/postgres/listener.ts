import { backoffMs, type BackoffOptions, pause } from "@alknet/core";
import type { ListenConnection } from "./driver_adapter.ts";

/** Channel of NOTIFY; its payload is the highest id in the table of notifications. */
export const CHANNEL = "alknet_store";

/** How a {@linkcode Listener} does its work. */
export interface ListenerOptions {
  /** Opens a connection; payloads of notifications go to the callback. */
  readonly connect: (onNotification: (payload: string) => void) => Promise<ListenConnection>;
  /** How often to look for notifications that did not arrive, in milliseconds. */
  readonly pollMs: number;
  /** Called with the reason when a connection is lost or cannot be made. */
  readonly onLost: (error: unknown) => void;
}

const BACKOFF: BackoffOptions = { firstMs: 100, maxMs: 5_000 };
const NEWEST = "select coalesce(max(id), 0) from notifications";

/**
 * Hears the commits of all processes on a connection of its own.
 *
 *     stopped ──listen()──▶ connecting ──LISTEN──▶ listening ──lost──▶ waiting 0.1-5 s
 *                               ▲                                            │
 *                               └────────────────────────────────────────────┘
 *
 * Each time it begins to listen it wakes everybody, since commits may have gone unheard before. It
 * asks for the newest id at intervals: the question finds a connection that died without a word, and
 * the answer a notification that got lost, as behind a pooler that hands out sessions by
 * transaction.
 */
export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions;
  readonly #listeners = new Set<() => void>();
  readonly #end = new AbortController();
  #loop: Promise<void> | undefined;
  #newest = 0;
  #due = false;
  #connects = 0;
  #wakes = 0;

  /** Connects when somebody listens, not before. */
  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Times everybody was woken. */
  get wakes(): number {
    return this.#wakes;
  }

  /** Times a lost connection was replaced. */
  get reconnects(): number {
    return Math.max(0, this.#connects - 1);
  }

  /** Adds a listener; the function returned takes it away. */
  listen(listener: () => void): () => void {
    // The same function may listen twice.
    const own = () => listener();
    this.#listeners.add(own);
    this.#loop ??= this.#run();
    return () => this.#listeners.delete(own);
  }

  /** Takes note of the newest id; a smaller one means that the table was emptied or restored. */
  hear(newest: number): void {
    if (newest === this.#newest) return;
    this.#newest = newest;
    this.#wake();
  }

  /** Stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#listeners.clear();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    for (let failures = 0; !signal.aborted;) {
      const before = this.#connects;
      await this.#session().catch(this.#options.onLost);
      failures = this.#connects > before ? 1 : failures + 1;
      await pause(backoffMs(failures, BACKOFF), signal);
    }
  }

  /** One connection, from its making to its end. */
  async #session(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#end.signal]);
    await using conn = await this.#options.connect((payload) => this.hear(Number(payload)));
    conn.closed.then((reason) => over.abort(reason));
    await conn.value(`listen ${CHANNEL}`);
    this.#newest = Number(await conn.value(NEWEST));
    this.#connects++;
    this.#wake();
    while (!signal.aborted) {
      await pause(this.#options.pollMs, signal);
      if (!signal.aborted) this.hear(Number(await conn.value(NEWEST)));
    }
    if (!this.#end.signal.aborted) this.#options.onLost(over.signal.reason);
  }

  /** Wakes everybody once for all notifications that came in one piece. */
  #wake(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#wakes++;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
