import { type Kysely, sql, type Transaction } from "kysely";
import type { Migrations } from "../backend.ts";
import type { Schema } from "../schema.ts";
import { CHANNEL } from "./listener.ts";

/** A writer's line in the table of outcomes. */
export interface Attempts {
  /** Unique over all processes. */
  readonly writer: string;
  /** Number of the latest attempt to commit. */
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

/**
 * Leaves the attempt's number, which becomes visible if the transaction is committed, and a NOTIFY
 * for the commit if somebody is to be woken; returns its payload, the newest id.
 */
export async function recordAttempt(
  tx: Transaction<Schema>,
  { writer, serial }: Attempts,
  wake: boolean,
): Promise<number | undefined> {
  const { rows } = await sql<{ newest: number }>`
    with attempt as (
      insert into postgres_writers (writer, serial, at) values (${writer}, ${serial}, now())
      on conflict (writer) do update set serial = excluded.serial, at = excluded.at)
    select newest, pg_notify(${sql.lit(CHANNEL)}, newest::text)
    from (select max(id) as newest from notifications) as last
    where ${sql.lit(wake)}`.execute(tx);
  return rows[0]?.newest;
}

/** Whether the latest attempt was committed; ask only once its session is over. */
export async function isRecorded(
  tx: Transaction<Schema>,
  { writer, serial }: Attempts,
): Promise<boolean> {
  const { rows } = await sql<{ serial: number }>`
    select serial from postgres_writers where writer = ${writer}`.execute(tx);
  return rows[0]?.serial === serial;
}

/** Drops what processes of the past left behind. */
export async function forgetOutcomes(db: Kysely<Schema>): Promise<void> {
  await sql`delete from postgres_writers where at < now() - interval '1 day'`.execute(db);
}
