import { getLogger } from "@logtape/logtape";
import { setImmediate } from "node:timers/promises";
import type { Audit } from "./audit.ts";
import { shortenLog } from "./change_log.ts";
import type { StoreContext } from "./store_context.ts";

/** How often old rows are dropped, in milliseconds. */
const INTERVAL_MS = 3_600_000;
/** Rows the log of changes may grow by until it is shortened out of turn. */
const LOG_GROWTH = 10_000;
/** How long used and expired invitations are kept, in milliseconds. */
const INVITE_RETENTION_MS = 30 * 86_400_000;

const log = getLogger(["alknet", "store"]);

/** Keeps tables that only grow from growing for ever. Each process does it; one is enough. */
export class Maintenance implements AsyncDisposable {
  readonly #context: StoreContext;
  readonly #audit: Audit;
  readonly #timer: number;
  readonly #stop: () => void;
  #shortenedAt: number;
  #running?: Promise<void>;

  constructor(context: StoreContext, audit: Audit) {
    this.#context = context;
    this.#audit = audit;
    this.#shortenedAt = context.feed.lastId;
    this.#stop = context.feed.onChange(() => this.#shortenWhenLong());
    this.#timer = Number(setInterval(() => this.#start(), INTERVAL_MS));
    Deno.unrefTimer(this.#timer);
  }

  /** Drops what is old, now. */
  async run(): Promise<void> {
    await this.#shorten();
    await this.#audit.prune();
    await this.#context.backend.write((tx) => {
      const bound = this.#context.now() - INVITE_RETENTION_MS;
      return tx.deleteFrom("invites").where("expires_at", "<", bound).execute();
    });
  }

  /** Stops, once what is under way is done. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stop();
    await this.#running;
  }

  #shortenWhenLong(): void {
    if (this.#context.feed.lastId - this.#shortenedAt >= LOG_GROWTH) this.#start();
  }

  #start(): void {
    this.#running ??= this.run()
      .catch((error) => log.warn("store.maintenance.failed", { error })) // the next run does it
      .finally(() => this.#running = undefined);
  }

  async #shorten(): Promise<void> {
    this.#shortenedAt = this.#context.feed.lastId;
    while (await this.#context.backend.write(shortenLog)) await setImmediate();
  }
}
