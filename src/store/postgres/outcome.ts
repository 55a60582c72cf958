import { type Kysely, sql, type Transaction } from "kysely";
import type { Migrations } from "../backend.ts";
import type { Schema } from "../schema.ts";
import { CHANNEL } from "./listener.ts";

/** A writer's line in the table of outcomes; one write at a time uses it. */
export interface WriterSlot {
  /** Unique over all processes. */
  readonly id: string;
  /** Number of the current attempt. */
  serial: number;
}

/**
 * The table in which each transaction leaves its serial number, so that a writer whose COMMIT was
 * not answered can find out what became of it. `pg_xact_status` cannot say: a transaction id that was
 * lost in a crash is given to another transaction.
 */
export const OUTCOME_MIGRATIONS: Migrations = {
  "0001_postgres_writers": {
    up: async (db) => {
      await db.schema.createTable("postgres_writers")
        .addColumn("writer", "text", (column) => column.primaryKey())
        .addColumn("serial", "bigint", (column) => column.notNull())
        .addColumn("at", "timestamptz", (column) => column.notNull())
        .execute();
    },
  },
};

/** Slots of one process: as many as writes were under way at once. */
export class Slots {
  readonly #process = crypto.randomUUID();
  readonly #free: WriterSlot[] = [];
  #made = 0;

  /** Takes a slot nobody else uses, for one more attempt. */
  take(): WriterSlot {
    const slot = this.#free.pop() ?? { id: `${this.#process}:${++this.#made}`, serial: 0 };
    slot.serial++;
    return slot;
  }

  /** Gives it back when its write is over. */
  giveBack(slot: WriterSlot): void {
    this.#free.push(slot);
  }
}

/**
 * Leaves the attempt's number, which becomes visible if the transaction is committed, and a NOTIFY
 * for the commit if somebody is to be woken; returns its payload, the newest id.
 */
export async function recordAttempt(
  tx: Transaction<Schema>,
  { id, serial }: WriterSlot,
  wake: boolean,
): Promise<number | undefined> {
  const { rows } = await sql<{ newest: number }>`
    with attempt as (
      insert into postgres_writers (writer, serial, at) values (${id}, ${serial}, now())
      on conflict (writer) do update set serial = excluded.serial, at = excluded.at)
    select newest, pg_notify(${sql.lit(CHANNEL)}, newest::text)
    from (select max(id) as newest from notifications) as last
    where ${sql.lit(wake)}`.execute(tx);
  return rows[0]?.newest;
}

/** Whether the last attempt of a slot was committed; ask only once its session is over. */
export async function outcomeOf(
  tx: Transaction<Schema>,
  { id, serial }: WriterSlot,
): Promise<boolean> {
  const { rows } = await sql<{ serial: number }>`
    select serial from postgres_writers where writer = ${id}`.execute(tx);
  return rows[0]?.serial === serial;
}

/** Drops what processes of the past left behind. */
export async function forgetOutcomes(db: Kysely<Schema>): Promise<void> {
  await sql`delete from postgres_writers where at < now() - interval '1 day'`.execute(db);
}
