import { getLogger } from "@logtape/logtape";
import type { Backend } from "./backend.ts";

/** How fine the last use of a token is noted, in milliseconds. */
const RESOLUTION_MS = 60_000;
/** How long a use may wait before it is written, in milliseconds. */
const DELAY_MS = 5_000;

const log = getLogger(["alknet", "store"]);

/**
 * Notes when tokens were last used: lazily, at most once a minute for each, many in one transaction,
 * and without waking anybody. Memory is bounded by the number of tokens.
 */
export class LastUse implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #noted = new Map<string, number>();
  readonly #pending = new Map<string, number>();
  #timer?: number;
  #writing: Promise<void> = Promise.resolve();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Notes a use. */
  note(token: string, now: number): void {
    if (Math.abs(now - (this.#noted.get(token) ?? -Infinity)) < RESOLUTION_MS) return;
    this.#noted.set(token, now);
    this.#pending.set(token, now);
    if (this.#timer !== undefined) return;
    this.#timer = Number(setTimeout(() => this.flush(), DELAY_MS));
    Deno.unrefTimer(this.#timer);
  }

  /** Forgets tokens that are gone, so that memory does not grow with those that come and go. */
  forget(): void {
    this.#noted.clear();
  }

  /** Writes what waits; a failure is logged and the uses are lost. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#writing = this.#writing.then(() => this.#write());
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  async #write(): Promise<void> {
    const uses = [...this.#pending];
    this.#pending.clear();
    if (uses.length === 0) return;
    try {
      await this.#backend.write(async (tx) => {
        for (const [name, time] of uses) {
          await tx.updateTable("tokens").set({ last_used_at: time })
            .where("name", "=", name)
            .execute();
        }
      });
    } catch (error) {
      log.warn("store.last_use.failed", { error });
    }
  }
}
