import { getLogger } from "@logtape/logtape";
import type { Transaction } from "kysely";
import type { Backend, Topic } from "./backend.ts";
import { type Changes, type LogPosition, readLog } from "./change_log.ts";
import type { Schema } from "./schema.ts";

/** Puts what was read in place; runs with those of all other indexes in one turn. */
export type Apply = () => void;

/** Something in memory that mirrors tables. */
export interface MemoryIndex {
  /** Reads everything anew. What answers meanwhile is the state before. */
  load(tx: Transaction<Schema>): Promise<Apply>;
  /** Reads the rows with these keys anew. */
  update(tx: Transaction<Schema>, changes: Changes): Promise<Apply>;
}

/** Which topics changed; undefined when that is unknown. */
export type Changed = ReadonlySet<Topic> | undefined;

/** Pauses between attempts to read a database that cannot be read. */
const RETRY_MS = { first: 50, most: 1_000 } as const;

const log = getLogger(["alknet", "store"]);

/**
 * Keeps indexes in memory equal to the database. All of them pass from one state of the database to
 * a later one in a single turn of the event loop, so nobody ever sees half a transaction.
 */
export class Feed implements Disposable {
  readonly #backend: Backend;
  readonly #indexes: readonly MemoryIndex[];
  readonly #listeners = new Set<(changed: Changed) => void>();
  readonly #stop: () => void;
  #position?: LogPosition;
  #running?: Promise<void>;
  #next?: Promise<void>;
  #retry?: number;
  #closed = false;

  private constructor(backend: Backend, indexes: readonly MemoryIndex[]) {
    this.#backend = backend;
    this.#indexes = indexes;
    this.#stop = backend.listen(() => this.#follow(RETRY_MS.first));
  }

  /** Reads everything and follows from there. */
  static async open(backend: Backend, indexes: readonly MemoryIndex[]): Promise<Feed> {
    const feed = new Feed(backend, indexes);
    try {
      await feed.refresh();
      return feed;
    } catch (error) {
      feed[Symbol.dispose]();
      throw error;
    }
  }

  /** The id of the last row of the log that was read. */
  get lastId(): number {
    return this.#position?.id ?? 0;
  }

  /** Resolves once every commit made before the call is in the indexes. */
  refresh(): Promise<void> {
    if (!this.#running) {
      return this.#running = this.#run().finally(() => this.#running = undefined);
    }
    return this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.refresh();
    });
  }

  /**
   * Calls back after each change of the indexes.
   *
   * @returns A function that stops it.
   */
  onChange(listener: (changed: Changed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops following; what is in the indexes stays. */
  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#stop();
  }

  /** As {@linkcode Feed.refresh}, for nobody who waits: tries until it works. */
  async #follow(retryMs: number): Promise<void> {
    clearTimeout(this.#retry);
    try {
      await this.refresh();
    } catch (error) {
      if (this.#closed) return;
      log.error("store.refresh.failed", { store: this.#backend.location, error });
      clearTimeout(this.#retry); // others who were woken meanwhile failed alike
      const next = Math.min(retryMs * 2, RETRY_MS.most);
      this.#retry = Number(setTimeout(() => this.#follow(next), retryMs));
    }
  }

  async #run(): Promise<void> {
    const { position, changes, applies } = await this.#backend.snapshot((tx) => this.#read(tx));
    for (const apply of applies) apply();
    const known = this.#position !== undefined;
    this.#position = position;
    if (changes?.size === 0) return;
    if (!changes && known) log.warn("store.resync", { store: this.#backend.location });
    const topics = changes && new Set(changes.keys());
    for (const listener of this.#listeners) listener(topics);
  }

  async #read(tx: Transaction<Schema>) {
    const { position, changes } = await readLog(tx, this.#position);
    const applies: Apply[] = [];
    for (const index of this.#indexes) {
      applies.push(await (changes ? index.update(tx, changes) : index.load(tx)));
    }
    return { position, changes, applies };
  }
}
