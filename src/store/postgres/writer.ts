import { type Kysely, sql, type Transaction } from "kysely";
import type { Touch } from "../backend.ts";
import { StoreBackendError } from "../errors.ts";
import { appendNotifications, Touched } from "../notifications.ts";
import type { Schema } from "../schema.ts";
import { Turns } from "../turns.ts";
import { backoffMs, type BackoffOptions, pause } from "./backoff.ts";
import { remedyOf } from "./errors.ts";
import { outcomeOf, recordAttempt, Slots, type WriterSlot } from "./outcome.ts";

/** How a {@linkcode Writer} does its work. */
export interface WriterOptions {
  /** Connections for writes alone: a second one waits for the lock while the first commits. */
  readonly db: Kysely<Schema>;
  /** Other connections, which do not queue behind the writers of this process. */
  readonly other: Kysely<Schema>;
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
  readonly #slots = new Slots();
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
    // The next one in line asks for the lock when this one has it: writes keep their order.
    using turn = await this.#turns.take();
    if (performance.now() > deadline) throw tooLate();
    let ready: Ready<T> | undefined;
    try {
      return await inTransaction(this.#options.db, async (tx) => {
        await lock(tx, deadline);
        turn[Symbol.dispose]();
        return ready = await this.#untilCommit(tx, work);
      });
    } catch (error) {
      const remedy = remedyOf(error);
      if (remedy === "none") throw error;
      // Lost while COMMIT was under way: it may have taken effect.
      const lost = remedy === "reconnect" ? ready : undefined;
      return lost && await this.#isCommitted(lost.slot, error) ? lost : { error };
    } finally {
      if (ready) this.#slots.giveBack(ready.slot);
    }
  }

  /** All of a transaction but its COMMIT. */
  async #untilCommit<T>(tx: Transaction<Schema>, work: Work<T>): Promise<Ready<T>> {
    const touched = new Touched();
    const value = await work(tx, touched.touch);
    await appendNotifications(tx, touched, this.#options.now());
    const slot = this.#slots.take();
    try {
      return { value, slot, newest: await recordAttempt(tx, slot, !touched.empty) };
    } catch (error) {
      this.#slots.giveBack(slot);
      throw error;
    }
  }

  /** Finds out what became of a transaction whose COMMIT was not answered. */
  async #isCommitted(slot: WriterSlot, cause: unknown): Promise<boolean> {
    const deadline = performance.now() + this.#options.lockTimeoutMs;
    for (let failures = 1;; failures++) {
      try {
        return await inTransaction(this.#options.other, async (tx) => {
          // Whoever holds the lock after that session knows how it ended.
          await lock(tx, deadline);
          return await outcomeOf(tx, slot);
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
}

/** A transaction of which only COMMIT is left. */
interface Ready<T> {
  readonly value: T;
  /** Id of the last notification, if there is one. */
  readonly newest: number | undefined;
  readonly slot: WriterSlot;
}

function inTransaction<T>(
  db: Kysely<Schema>,
  work: (tx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return db.transaction().setIsolationLevel("read committed").execute(work);
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
