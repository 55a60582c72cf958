import { type Kysely, sql } from "kysely";
import type { CheckReport } from "../backend.ts";
import { StoreBackendError } from "../errors.ts";
import type { Schema } from "../schema.ts";

/** Settings without which PostgreSQL may lose or tear what it has acknowledged. */
const SAFE_SETTINGS: readonly string[] = ["fsync", "full_page_writes"];

/** Reads every row of every table, and every index if the extension `amcheck` is installed. */
export async function inspect(db: Kysely<Schema>): Promise<CheckReport> {
  const problems = [
    ...await unsafeSettings(db),
    ...await unreadableTables(db),
    ...await unsoundIndexes(db),
  ];
  return { ok: problems.length === 0, problems };
}

/** Size of the database in bytes. */
export async function databaseBytes(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select pg_database_size(current_database()) as bytes`.execute(db);
  return rows[0]?.bytes ?? 0;
}

async function unsafeSettings(db: Kysely<Schema>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from pg_settings
    where name in (${sql.join(SAFE_SETTINGS)}) and setting = 'off'`.execute(db);
  return rows.map(({ name }) => `${name} is off: a crash of the server may lose data`);
}

async function unreadableTables(db: Kysely<Schema>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname = any (current_schemas(false)) order by 1`.execute(db);
  const problems: string[] = [];
  for (const { name } of rows) {
    // The text of a row needs all of it, what is stored out of line too.
    const read = sql`select sum(length(row::text)) from ${sql.raw(name)} as row`;
    problems.push(...await problemOf(`table ${name}`, () => read.execute(db)));
  }
  return problems;
}

async function unsoundIndexes(db: Kysely<Schema>): Promise<string[]> {
  const { rows } = await sql<{ name: string; check: string }>`
    select c.oid::regclass::text as name, format('%I.bt_index_check', e.nspname) as check
    from pg_class c
    join pg_index i on i.indexrelid = c.oid and i.indisvalid
    join pg_am a on a.oid = c.relam and a.amname = 'btree'
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = any (current_schemas(false))
    cross join (select nspname from pg_extension x join pg_namespace m on m.oid = x.extnamespace
      where x.extname = 'amcheck') e
    order by 1`.execute(db);
  const problems: string[] = [];
  for (const { name, check } of rows) {
    const run = sql`select ${sql.raw(check)}(${name}::regclass, true)`;
    problems.push(...await problemOf(`index ${name}`, () => run.execute(db)));
  }
  return problems;
}

async function problemOf(what: string, work: () => Promise<unknown>): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof StoreBackendError) || error.fault === "unavailable") throw error;
    return [`${what}: ${causeText(error)}`];
  }
}

function causeText({ cause, message }: StoreBackendError): string {
  return cause instanceof Error ? cause.message : message;
}
