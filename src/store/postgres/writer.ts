import { backoffMs, type BackoffOptions, pause } from "@alknet/core";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Touch } from "../backend.ts";
import { StoreBackendError } from "../errors.ts";
import { appendNotifications, Touched } from "../notifications.ts";
import type { Schema } from "../schema.ts";
import { Turns } from "../turns.ts";
import { remedyOf } from "./errors.ts";
import { type Attempts, isRecorded, recordAttempt } from "./outcome.ts";

/** How a {@linkcode Writer} does its work. */
export interface WriterOptions {
  /** A connection for writes alone. */
  readonly db: Kysely<Schema>;
  /** Longest time a write tries, in milliseconds. */
  readonly lockTimeoutMs: number;
  readonly now: () => number;
  /** Called after each commit that touched something, with the newest id of the notifications. */
  readonly onCommit: (newest: number) => void;
}

/** What a write is given to run. */
export type Work<T> = (tx: Transaction<Schema>, touch: Touch) => Promise<T>;

/** Advisory lock that a writer of any process holds until its transaction ends. */
const WRITE_LOCK = 7_400_001n;
const BACKOFF: BackoffOptions = { firstMs: 20, maxMs: 500 };

/**
 * Runs transactions one after the other, over all processes that share the database.
 *
 * READ COMMITTED behind one advisory lock is serial: each statement sees what the writers before
 * have committed, and nobody else writes. No attempt fails for a conflict among our own, ids come in
 * the order of commits, and NOTIFY, which serializes commits anyway, costs nothing more.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #turns = new Turns();
  readonly #attempts: Attempts = { writer: crypto.randomUUID(), serial: 0 };
  #commits = 0;
  #retries = 0;

  /** Writes through a pool. */
  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Transactions that were committed. */
  get commits(): number {
    return this.#commits;
  }

  /** Attempts that had to be made again. */
  get retries(): number {
    return this.#retries;
  }

  /** Runs one transaction, see {@linkcode Backend.write}. */
  async write<T>(work: Work<T>): Promise<T> {
    const deadline = performance.now() + this.#options.lockTimeoutMs;
    using _turn = await this.#turns.take();
    if (performance.now() > deadline) throw tooLate();
    for (let failures = 0;;) {
      const result = await this.#attempt(work, deadline);
      if ("value" in result) {
        this.#commits++;
        if (result.newest !== undefined) this.#options.onCommit(result.newest);
        return result.value;
      }
      const wait = backoffMs(++failures, BACKOFF);
      if (performance.now() + wait > deadline) throw result.error;
      this.#retries++;
      await pause(wait);
    }
  }

  /** Commits and returns the value, or returns an error after which to try again, or throws. */
  async #attempt<T>(work: Work<T>, deadline: number): Promise<Ready<T> | { error: unknown }> {
    let ready: Ready<T> | undefined;
    try {
      return await this.#transaction(async (tx) => {
        await lock(tx, deadline);
        const touched = new Touched();
        const value = await work(tx, touched.touch);
        await appendNotifications(tx, touched, this.#options.now());
        this.#attempts.serial++;
        return ready = { value, newest: await recordAttempt(tx, this.#attempts, !touched.empty) };
      });
    } catch (error) {
      const remedy = remedyOf(error);
      if (remedy === "none") throw error;
      // Lost while COMMIT was under way: it may have taken effect.
      const lost = remedy === "reconnect" ? ready : undefined;
      return lost && await this.#isCommitted(error) ? lost : { error };
    }
  }

  /** Finds out what became of a transaction whose COMMIT was not answered. */
  async #isCommitted(cause: unknown): Promise<boolean> {
    const deadline = performance.now() + this.#options.lockTimeoutMs;
    for (let failures = 1;; failures++) {
      try {
        return await this.#transaction(async (tx) => {
          // Whoever holds the lock after that session knows how it ended.
          await lock(tx, deadline);
          return await isRecorded(tx, this.#attempts);
        });
      } catch (error) {
        const wait = backoffMs(failures, BACKOFF);
        if (remedyOf(error) === "none" || performance.now() + wait > deadline) {
          throw unknownOutcome(cause);
        }
        await pause(wait);
      }
    }
  }

  #transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.#options.db.transaction().setIsolationLevel("read committed").execute(work);
  }
}

/** A transaction of which only COMMIT is left. */
interface Ready<T> {
  readonly value: T;
  /** Id of the last notification, if there is one. */
  readonly newest: number | undefined;
}

/** Waits for the writers before; what was acknowledged is on disk even if the server says off. */
async function lock(tx: Transaction<Schema>, deadline: number): Promise<void> {
  const ms = Math.max(1, Math.ceil(deadline - performance.now()));
  await sql`
    select set_config('lock_timeout', ${`${ms}ms`}, true),
      set_config('synchronous_commit', case current_setting('synchronous_commit')
        when 'off' then 'on' else current_setting('synchronous_commit') end, true),
      pg_advisory_xact_lock(${sql.lit(WRITE_LOCK)})`.execute(tx);
}

function tooLate(): StoreBackendError {
  return new StoreBackendError("locked", "Cannot write: other writers were in line for too long");
}

function unknownOutcome(cause: unknown): StoreBackendError {
  const message = "Cannot tell whether a change was made: the connection was lost during COMMIT " +
    "and did not come back; look at the data before trying again";
  return new StoreBackendError("unavailable", message, { cause });
}
