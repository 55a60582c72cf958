import { getLogger } from "@logtape/logtape";
import type { Kysely, Transaction } from "kysely";
import { dirname } from "node:path";
import {
  type Backend,
  type BackendOptions,
  type BackendStats,
  type CheckReport,
  DEFAULT_LOCK_TIMEOUT_MS,
  DEFAULT_POLL_MS,
  type Touch,
} from "../backend.ts";
import { StoreBackendError } from "../errors.ts";
import { appendNotifications, Touched } from "../notifications.ts";
import type { Schema } from "../schema.ts";
import { Turns } from "../turns.ts";
import { Bell } from "./bell.ts";
import { backupFile } from "./backup_file.ts";
import { FileConnections, FileReplacedError } from "./file_connections.ts";
import { removeStaleLog } from "./file_identity.ts";
import { Jobs } from "./jobs.ts";
import { isLocked, storeError } from "./sqlite_errors.ts";

/** Longest pause between two attempts to get the lock; the actual one is random. */
const RETRY_MS = 8;
/** Pages in the write-ahead log worth copying into the database. */
const CHECKPOINT_PAGES = 1_000;
/** Most pages copied on this thread: what was added while the Worker copied the others. */
const INLINE_PAGES = 200;
/** Commits between two looks at the length of the log; the regular look comes too. */
const CHECKPOINT_COMMITS = 32;

const log = getLogger(["alknet", "store"]);

/** An SQLite file, shared by any number of processes of one machine. */
export class SqliteBackend implements Backend {
  readonly kind = "sqlite";
  readonly location: string;
  readonly #path: string;
  readonly #options: BackendOptions;
  readonly #jobs = new Jobs();
  readonly #turns = new Turns();
  readonly #listeners = new Set<() => void>();
  readonly #counts = { commits: 0, retries: 0, wakes: 0, reconnects: 0 };
  readonly #bell: Bell;
  readonly #timer: number;
  #file: FileConnections;
  #seen: unknown;
  #reopening?: Promise<void>;
  #checkpointing = false;
  #closed = false;

  private constructor(path: string, options: BackendOptions, file: FileConnections) {
    this.location = `sqlite:${path}`;
    this.#path = path;
    this.#options = options;
    this.#file = file;
    this.#seen = file.dataVersion;
    this.#bell = Bell.open(path, () => this.#rung(), (error) => {
      log.warn("store.bell.failed", { path, error });
    });
    this.#timer = Number(setInterval(() => this.#tick(), options.pollMs ?? DEFAULT_POLL_MS));
    Deno.unrefTimer(this.#timer);
  }

  /**
   * Opens a file, creates it and its directory where they are missing.
   *
   * @throws {StoreBackendError} When that fails.
   */
  static async open(path: string, options: BackendOptions = {}): Promise<SqliteBackend> {
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const deadline = deadlineOf(options);
    for (;;) {
      try {
        return new SqliteBackend(path, options, await FileConnections.open(path, options));
      } catch (error) {
        if (!isLocked(error) || performance.now() > deadline) throw error;
        await pause();
      }
    }
  }

  /** See {@linkcode Backend.db}. */
  get db(): Kysely<Schema> {
    return this.#open().reader;
  }

  /** See {@linkcode Backend.snapshot}. */
  snapshot<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.#open().snapshots.transaction().setAccessMode("read only").execute(work);
  }

  /** See {@linkcode Backend.write}. */
  async write<T>(work: (tx: Transaction<Schema>, touch: Touch) => Promise<T>): Promise<T> {
    const deadline = deadlineOf(this.#options);
    using _turn = await this.#turns.take();
    for (;;) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (error instanceof FileReplacedError) await this.#reopen();
        else if (!isLocked(error) || performance.now() > deadline) throw error;
        else await pause();
        this.#counts.retries++;
      }
    }
  }

  /** See {@linkcode Backend.listen}. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** See {@linkcode Backend.check}. */
  async check(): Promise<CheckReport> {
    const problems = await this.#job({ kind: "check", path: this.#path });
    return { ok: problems.length === 0, problems };
  }

  /** See {@linkcode Backend.backup}. */
  async backup(path: string): Promise<void> {
    await backupFile(path, (target) => this.#job({ kind: "backup", path: this.#path, target }));
  }

  /** Gives the space of dropped rows back to the file system; writers wait meanwhile. */
  async vacuum(): Promise<void> {
    await this.#job({ kind: "vacuum", path: this.#path });
  }

  /** See {@linkcode Backend.stats}. */
  async stats(): Promise<BackendStats> {
    const sizes = await Promise.all([sizeOf(this.#path), sizeOf(`${this.#path}-wal`)]);
    return { bytes: sizes[0] + sizes[1], ...this.#counts };
  }

  /** Waits for what is under way and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    using _turn = await this.#turns.take();
    this.#closed = true;
    clearInterval(this.#timer);
    this.#bell[Symbol.dispose]();
    this.#listeners.clear();
    await this.#reopening?.catch(() => {});
    await this.#jobs[Symbol.asyncDispose]();
    await this.#file[Symbol.asyncDispose]();
  }

  #open(): FileConnections {
    if (!this.#closed) return this.#file;
    throw new StoreBackendError("closed", `Cannot use the closed store "${this.#path}"`);
  }

  async #attempt<T>(work: (tx: Transaction<Schema>, touch: Touch) => Promise<T>): Promise<T> {
    const touched = new Touched();
    const now = this.#options.now ?? Date.now;
    const result = await this.#open().writer.transaction().execute(async (tx) => {
      const result = await work(tx, touched.touch);
      await appendNotifications(tx, touched, now());
      return result;
    });
    this.#committed(touched);
    return result;
  }

  #committed(touched: Touched): void {
    if (++this.#counts.commits % CHECKPOINT_COMMITS === 0) this.#checkpointWhenLong();
    if (touched.empty) return;
    this.#bell.ring();
    this.#look();
  }

  /** Wakes listeners when there was a commit since the last look. */
  #look(): void {
    if (this.#closed) return;
    try {
      const version = this.#file.dataVersion;
      if (version === this.#seen) return;
      this.#seen = version;
    } catch (error) {
      log.warn("store.look.failed", { path: this.#path, error }); // the next tick looks again
      return;
    }
    this.#wake();
  }

  #wake(): void {
    this.#counts.wakes++;
    for (const listener of this.#listeners) listener();
  }

  /** The safety net: a bell that did not ring, a file that was replaced, a log that grew. */
  #tick(): void {
    this.#rung();
    if (!this.#reopening) this.#checkpointWhenLong();
  }

  #rung(): void {
    if (this.#closed || this.#reopening) return;
    try {
      if (!this.#file.isCurrent) return void this.#reopen().catch(() => {}); // it logs by itself
    } catch (error) {
      return log.error("store.missing", { path: this.#path, error });
    }
    this.#look();
  }

  #reopen(): Promise<void> {
    return this.#reopening ??= this.#openAgain().finally(() => this.#reopening = undefined);
  }

  async #openAgain(): Promise<void> {
    log.error("store.replaced", { path: this.#path });
    try {
      const before = this.#file;
      await removeStaleLog(this.#path, before.logIdentity);
      this.#file = await FileConnections.open(this.#path, this.#options);
      this.#seen = this.#file.dataVersion;
      this.#counts.reconnects++;
      before[Symbol.asyncDispose]().catch((error) => log.warn("store.close.failed", { error }));
    } catch (error) {
      log.error("store.reopen.failed", { path: this.#path, error });
      throw error;
    }
    this.#wake();
  }

  #checkpointWhenLong(): void {
    if (this.#checkpointing || this.#file.pendingPages < CHECKPOINT_PAGES) return;
    this.#checkpointing = true;
    this.#checkpoint()
      .catch((error) => log.warn("store.checkpoint.failed", { path: this.#path, error }))
      .finally(() => this.#checkpointing = false);
  }

  /**
   * Copies the write-ahead log into the database: most of it in a Worker, and between two writes the
   * rest, so that the log begins anew. A log that only grows makes every flush dearer.
   */
  async #checkpoint(): Promise<void> {
    await this.#jobs.run({ kind: "checkpoint", path: this.#path });
    using _turn = await this.#turns.take();
    if (!this.#closed && this.#file.pendingPages <= INLINE_PAGES) this.#file.checkpoint();
  }

  async #job(job: Parameters<Jobs["run"]>[0]): Promise<readonly string[]> {
    this.#open();
    try {
      return await this.#jobs.run(job);
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }
}

function deadlineOf({ lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS }: BackendOptions): number {
  return performance.now() + lockTimeoutMs;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * RETRY_MS));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
