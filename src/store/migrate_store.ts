import { createHash } from "node:crypto";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Backend } from "./backend.ts";
import { StoreCopyError } from "./errors.ts";
import { pagesOf } from "./row_pages.ts";
import type { Schema, TableName } from "./schema.ts";

/** What {@linkcode migrateStore} copied. */
export interface CopyReport {
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** A table to copy: rows in the order of its key, in pages. */
interface CopiedTable {
  readonly name: TableName;
  readonly key: readonly string[];
  /** Columns that the target numbers anew. */
  readonly renumbered?: readonly string[];
}

/** In an order that foreign keys allow. The log of changes is not copied: nobody has read it. */
const TABLES: readonly CopiedTable[] = [
  { name: "peers", key: ["peer_id"] },
  { name: "peer_keys", key: ["key"] },
  { name: "tokens", key: ["name"] },
  { name: "groups", key: ["name"] },
  { name: "credentials", key: ["provider"] },
  { name: "ownership", key: ["resource_type", "resource_id"] },
  { name: "invites", key: ["id"] },
  { name: "audit", key: ["id"], renumbered: ["id"] },
  { name: "settings", key: ["name"] },
];

type Row = Readonly<Record<string, unknown>>;

/**
 * Copies everything from one store into another, empty one, and compares both, table by table and
 * row by row, before the copy becomes visible: all of it or nothing. What is written to the source
 * meanwhile is not copied.
 *
 * @param from Where it is.
 * @param to Where it shall be; a running node on it takes everything up at once.
 * @returns What was copied.
 * @throws {StoreCopyError} When the target is not empty or the copy differs.
 */
export function migrateStore(from: Backend, to: Backend): Promise<CopyReport> {
  return from.snapshot((source) =>
    to.write(async (target, touch) => {
      const rows: Record<string, number> = {};
      for (const table of TABLES) rows[table.name] = await copyTable(table, source, target);
      await target.deleteFrom("notifications").execute(); // so that readers begin anew
      touch("store", "copied");
      return { rows };
    })
  );
}

async function copyTable(
  table: CopiedTable,
  source: Transaction<Schema>,
  target: Transaction<Schema>,
): Promise<number> {
  await refuseFull(table, target);
  const sent = new TableDigest(table);
  for await (const page of rowsOf(table, source)) {
    await untyped(target).insertInto(table.name).values(page.map((row) => kept(table, row)))
      .execute();
    sent.add(page);
  }
  const received = new TableDigest(table);
  for await (const page of rowsOf(table, target)) received.add(page);
  if (sent.toString() === received.toString()) return sent.rows;
  throw new StoreCopyError(`Cannot copy the table "${table.name}": the copy differs`);
}

async function refuseFull(table: CopiedTable, target: Transaction<Schema>): Promise<void> {
  const row = await untyped(target).selectFrom(table.name).select(sql`1`.as("one")).limit(1)
    .executeTakeFirst();
  if (row) throw new StoreCopyError(`Cannot copy into a store with rows in "${table.name}"`);
}

function rowsOf(table: CopiedTable, tx: Transaction<Schema>): AsyncGenerator<Row[]> {
  const key = sql.join(table.key.map((column) => sql.ref(column)));
  return pagesOf<Row>(async (after, limit) => {
    const place = after && sql.join(table.key.map((column) => sql.val(after[column])));
    const where = place ? sql`where (${key}) > (${place})` : sql``;
    const query = sql<Row>`select * from ${
      sql.table(table.name)
    } ${where} order by ${key} limit ${limit}`;
    return (await query.execute(tx)).rows;
  });
}

function kept({ renumbered = [] }: CopiedTable, row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !renumbered.includes(name)));
}

/** Number and digest of rows, whatever their order: databases sort text differently. */
class TableDigest {
  rows = 0;
  readonly #table: CopiedTable;
  readonly #sum = new Uint8Array(32);

  constructor(table: CopiedTable) {
    this.#table = table;
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      this.rows++;
      const digest = createHash("sha256").update(textOf(kept(this.#table, row))).digest();
      for (let at = 0; at < digest.length; at++) {
        this.#sum[at] = (this.#sum[at] ?? 0) ^ (digest[at] ?? 0);
      }
    }
  }

  toString(): string {
    return `${this.rows}:${this.#sum.toHex()}`;
  }
}

function textOf(row: Row): string {
  const columns = Object.entries(row).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(columns.map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? `\\x${new Uint8Array(value).toHex()}` : value;
}

// deno-lint-ignore no-explicit-any -- names of tables and columns are data here
function untyped(tx: Transaction<Schema>): Kysely<any> {
  return tx;
}
