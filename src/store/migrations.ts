import {
  type ColumnDefinitionBuilder,
  type CreateTableBuilder,
  type Kysely,
  type RawBuilder,
  sql,
} from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { BackendKind, Migrations } from "./backend.ts";
import { StoreBackendError } from "./errors.ts";
import type { Schema } from "./schema.ts";

/** Where the dialects differ, and nowhere else. */
interface Dialect {
  readonly integer: "integer" | "bigint";
  readonly bytes: "blob" | "bytea";
  /** A number that grows with each row and is never given twice. */
  readonly serial: "integer" | "bigserial";
  serialColumn(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
  /** Refuses changes of rows of `audit`. */
  readonly appendOnly: RawBuilder<unknown>;
  // deno-lint-ignore no-explicit-any -- kysely types the columns added so far
  finish(table: CreateTableBuilder<any, any>): CreateTableBuilder<any, any>;
}

const DIALECTS: Readonly<Record<BackendKind, Dialect>> = {
  sqlite: {
    integer: "integer",
    bytes: "blob",
    serial: "integer",
    serialColumn: (column) => column.primaryKey().autoIncrement(),
    appendOnly: sql`create trigger audit_append_only before update on audit
      begin select raise(abort, 'rows of audit are never changed'); end`,
    finish: (table) => table.modifyEnd(sql`strict`),
  },
  postgres: {
    integer: "bigint",
    bytes: "bytea",
    serial: "bigserial",
    serialColumn: (column) => column.primaryKey(),
    appendOnly: sql`create rule audit_append_only as on update to audit do instead nothing`,
    finish: (table) => table,
  },
};

/**
 * Brings the tables up to date; several processes may do so at once. All or nothing: a migration
 * that fails leaves the database as it was.
 *
 * @param db A connection that may write. Its dialect must support transactional DDL.
 * @param extra Migrations of handlers, by the name of their package.
 * @throws {StoreBackendError} When a migration fails or the database is newer than this program.
 */
export async function migrate(
  db: Kysely<Schema>,
  kind: BackendKind,
  extra: Readonly<Record<string, Migrations>> = {},
): Promise<void> {
  await migrateOne(db, "store", storeMigrations(kind));
  for (const [name, migrations] of Object.entries(extra)) await migrateOne(db, name, migrations);
}

async function migrateOne(db: Kysely<Schema>, name: string, own: Migrations): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...own }) },
    migrationTableName: `${name}_migrations`,
    migrationLockTableName: `${name}_migrations_lock`,
  });
  if (await isUpToDate(db, `${name}_migrations`, own)) return;
  const { error } = await migrator.migrateToLatest();
  if (error === undefined || error instanceof StoreBackendError) {
    if (error) throw error;
    return;
  }
  throw new StoreBackendError("failed", `Cannot bring the tables of "${name}" up to date`, {
    cause: error,
  });
}

/** Answers without writing, so that a program can start while another one holds the lock. */
async function isUpToDate(db: Kysely<Schema>, table: string, own: Migrations): Promise<boolean> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === table)) return false;
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)}`.execute(db);
  if (rows.some(({ name }) => !Object.hasOwn(own, name))) {
    throw new StoreBackendError(
      "newer",
      "Cannot open the store: a newer version of this program made it",
    );
  }
  return rows.length === Object.keys(own).length;
}

function storeMigrations(kind: BackendKind): Migrations {
  const dialect = DIALECTS[kind];
  return {
    "0001_store": { up: (db) => createTables(db, dialect) } satisfies Migration,
    "0002_token_makers": { up: addTokenMakers } satisfies Migration,
  };
}

// deno-lint-ignore no-explicit-any -- a migration sees the schema of its own time
async function addTokenMakers(db: Kysely<any>): Promise<void> {
  await db.schema.alterTable("tokens").addColumn("created_by", "text").execute();
  await db.schema.createIndex("tokens_created_by").on("tokens").column("created_by").execute();
}

// deno-lint-ignore no-explicit-any -- a migration sees the schema of its own time
async function createTables(db: Kysely<any>, dialect: Dialect): Promise<void> {
  for (const create of [peers, peerKeys, tokens, groups, credentials, ownership]) {
    await dialect.finish(create(db, dialect)).execute();
  }
  for (const create of [invites, audit, settings, notifications]) {
    await dialect.finish(create(db, dialect)).execute();
  }
  await db.schema.createIndex("peer_keys_peer").on("peer_keys").column("peer_id").execute();
  await db.schema.createIndex("audit_at").on("audit").column("at").execute();
  await dialect.appendOnly.execute(db);
  await db.insertInto("notifications") // the log is never empty
    .values({ topic: "store", key: "created", created_at: 0 })
    .execute();
}

// deno-lint-ignore no-explicit-any -- as above
type Create = (db: Kysely<any>, dialect: Dialect) => CreateTableBuilder<any, any>;

const peers: Create = (db, { integer }) =>
  db.schema.createTable("peers")
    .addColumn("peer_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("display_name", "text")
    .addColumn("node_id", "text")
    .addColumn("addresses", "text", (column) => column.notNull())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("groups", "text", (column) => column.notNull())
    .addColumn("resources", "text", (column) => column.notNull())
    .addColumn("token_hash", "text", (column) => column.unique())
    .addColumn("token_expires_at", integer)
    .addColumn("enabled", integer, (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("updated_at", integer, (column) => column.notNull())
    .addCheckConstraint("peers_enabled", sql`enabled in (0, 1)`);

const peerKeys: Create = (db, { integer }) =>
  db.schema.createTable("peer_keys")
    .addColumn("key", "text", (column) => column.primaryKey().notNull())
    .addColumn(
      "peer_id",
      "text",
      (column) => column.notNull().references("peers.peer_id").onDelete("cascade"),
    )
    .addColumn("position", integer, (column) => column.notNull());

const tokens: Create = (db, { integer }) =>
  db.schema.createTable("tokens")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("prefix", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull().unique())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("expires_at", integer)
    .addColumn("last_used_at", integer)
    .addColumn("created_at", integer, (column) => column.notNull());

const groups: Create = (db) =>
  db.schema.createTable("groups")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("scopes", "text", (column) => column.notNull());

const credentials: Create = (db, { integer, bytes }) =>
  db.schema.createTable("credentials")
    .addColumn("provider", "text", (column) => column.primaryKey().notNull())
    .addColumn("key_version", integer, (column) => column.notNull())
    .addColumn("salt", bytes, (column) => column.notNull())
    .addColumn("iv", bytes, (column) => column.notNull())
    .addColumn("data", bytes, (column) => column.notNull())
    .addColumn("updated_at", integer, (column) => column.notNull());

const ownership: Create = (db) =>
  db.schema.createTable("ownership")
    .addColumn("resource_type", "text", (column) => column.notNull())
    .addColumn("resource_id", "text", (column) => column.notNull())
    .addColumn("owner_id", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("ownership_key", ["resource_type", "resource_id"]);

const invites: Create = (db, { integer }) =>
  db.schema.createTable("invites")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("hash", "text", (column) => column.notNull().unique())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("groups", "text", (column) => column.notNull())
    .addColumn("note", "text")
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("expires_at", integer, (column) => column.notNull())
    .addColumn("used_at", integer)
    .addColumn("used_by", "text");

const audit: Create = (db, { integer, serial, serialColumn }) =>
  db.schema.createTable("audit")
    .addColumn("id", serial, serialColumn)
    .addColumn("at", integer, (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("peer", "text")
    .addColumn("fingerprint", "text")
    .addColumn("remote", "text")
    .addColumn("detail", "text");

const settings: Create = (db) =>
  db.schema.createTable("settings")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("value", "text", (column) => column.notNull());

const notifications: Create = (db, { integer, serial, serialColumn }) =>
  db.schema.createTable("notifications")
    .addColumn("id", serial, serialColumn)
    .addColumn("topic", "text", (column) => column.notNull())
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull());
