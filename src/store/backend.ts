import type { Schema } from "./schema.ts";

/**
 * A database as kysely sees it.
 *
 * @internal kysely documents it
 */
export type Database = import("kysely").Kysely<Schema>;

/**
 * The same within one transaction.
 *
 * @internal kysely documents it
 */
export type DatabaseTransaction = import("kysely").Transaction<Schema>;

/**
 * One step that changes tables, as kysely runs it.
 *
 * @internal kysely documents it
 */
export type Migration = import("kysely/migration").Migration;

/** What a change is about: the name of a table, or one of a handler's own. */
export type Topic = string;

/** Notes, within a transaction, that the row with this key has changed. */
export type Touch = (topic: Topic, key: string) => void;

/** The two kinds of database. */
export type BackendKind = "sqlite" | "postgres";

/**
 * A database. All the rest of this package is written against this interface and runs on each.
 *
 * A `write` ends in the old state or in the new one, whatever dies. What it touched goes to the
 * table `notifications` in its own transaction ({@linkcode appendNotifications}); whoever listens,
 * in any process, is woken after the commit and reads what is new there, so a lost or doubled wake
 * costs time and never a change.
 */
export interface Backend extends AsyncDisposable {
  /** Which dialect of SQL. */
  readonly kind: BackendKind;
  /** Where it is, fit for logs: without a password. */
  readonly location: string;
  /** For reads outside transactions. Ask for it each time: it may be replaced, as after a restore. */
  readonly db: Database;
  /** Runs reads that all see one and the same state; they do not wait for writers. */
  snapshot<T>(work: (tx: DatabaseTransaction) => Promise<T>): Promise<T>;
  /**
   * Runs one transaction, again from the start when the database asks for it, so `work` must do
   * nothing but its statements. Writers come one after the other, over all processes: ids and
   * notifications of a transaction are visible before those of the next one are made. Wakes
   * everybody after the commit, unless nothing was touched. Nesting one in another never ends.
   *
   * @throws {StoreBackendError} When it cannot be done in `lockTimeoutMs`, or at all.
   */
  write<T>(work: (tx: DatabaseTransaction, touch: Touch) => Promise<T>): Promise<T>;
  /**
   * Calls back after commits of any process, this one included, and whenever one may have been
   * missed. Many commits may give one call, and none may give one.
   *
   * @returns A function that stops it.
   */
  listen(listener: () => void): () => void;
  /** Looks for damage, without being in the way of others. */
  check(): Promise<CheckReport>;
  /**
   * Copies the state of one moment to a new file, while others read and write.
   *
   * @throws {StoreBackendError} When the file exists or cannot be written.
   */
  backup(path: string): Promise<void>;
  /** Sizes and counters. */
  stats(): Promise<BackendStats>;
}

/** What {@linkcode Backend.check} found. */
export interface CheckReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** What is wrong, a line each. */
  readonly problems: readonly string[];
}

/** What {@linkcode Backend.stats} tells. */
export interface BackendStats {
  /** Size of the database in bytes. */
  readonly bytes: number;
  /** Committed writes since it was opened. */
  readonly commits: number;
  /** Attempts to write that had to be made again. */
  readonly retries: number;
  /** Times listeners were woken. */
  readonly wakes: number;
  /** Times the database was opened anew: a restored file, a lost connection. */
  readonly reconnects: number;
}

/** Migrations of one package, by names that sort in their order, such as `0001_store`. */
export type Migrations = Readonly<Record<string, Migration>>;

/** What backends can be told. */
export interface BackendOptions {
  /** Clock in milliseconds. Default: `Date.now`. */
  readonly now?: () => number;
  /** How long a write may wait for other writers, in milliseconds. Default: 5,000. */
  readonly lockTimeoutMs?: number;
  /**
   * How often to look for commits whose wake was lost and for a replaced file, in milliseconds.
   * Default: 1,000.
   */
  readonly pollMs?: number;
  /** Tables of handlers by the name of their package, for the dialect in use. Default: none. */
  readonly migrations?: (kind: BackendKind) => Readonly<Record<string, Migrations>>;
}

/** Default of {@linkcode BackendOptions.lockTimeoutMs}. */
export const DEFAULT_LOCK_TIMEOUT_MS = 5_000;

/** Default of {@linkcode BackendOptions.pollMs}. */
export const DEFAULT_POLL_MS = 1_000;
