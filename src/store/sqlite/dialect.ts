import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from "kysely";
import { Turns } from "../turns.ts";
import type { SqliteConnection } from "./connection.ts";

/** What {@linkcode NodeSqliteDialect} is told. */
export interface SqliteDialectOptions {
  /** The connection; stays its maker's to close, once kysely is destroyed. */
  readonly connection: SqliteConnection;
  /** Called once a transaction holds the write lock; it is given up when this throws. */
  readonly onLocked?: () => void;
}

/**
 * kysely on Deno's own `node:sqlite`. Differs from kysely's SqliteDialect where that one would be
 * wrong here: a migration that fails is rolled back, a transaction takes the write lock at its start
 * (else two that read before they write fail at once, whatever the timeout), and parameters are
 * checked.
 */
export class NodeSqliteDialect implements Dialect {
  readonly #options: SqliteDialectOptions;

  /** See {@linkcode NodeSqliteDialect}. */
  constructor(options: SqliteDialectOptions) {
    this.#options = options;
  }

  /** See {@linkcode Dialect.createDriver}. */
  createDriver(): Driver {
    return new NodeSqliteDriver(this.#options);
  }

  /** See {@linkcode Dialect.createQueryCompiler}. */
  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  /** See {@linkcode Dialect.createAdapter}. */
  createAdapter(): DialectAdapter {
    const adapter = new SqliteAdapter();
    Object.defineProperty(adapter, "supportsTransactionalDdl", { value: true });
    return adapter;
  }

  /** See {@linkcode Dialect.createIntrospector}. */
  // deno-lint-ignore no-explicit-any -- kysely's own signature
  createIntrospector(db: Kysely<any>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

class NodeSqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #onLocked: () => void;
  readonly #turns = new Turns();
  #turn?: Disposable;

  constructor({ connection, onLocked = () => {} }: SqliteDialectOptions) {
    this.#connection = connection;
    this.#onLocked = onLocked;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#turn = await this.#turns.take();
    return this.#connection;
  }

  releaseConnection(): Promise<void> {
    this.#turn?.[Symbol.dispose]();
    return Promise.resolve();
  }

  async beginTransaction(conn: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    if (settings.accessMode === "read only") return await run(conn, "begin");
    await run(conn, "begin immediate");
    try {
      this.#onLocked();
    } catch (error) {
      await run(conn, "rollback");
      throw error;
    }
  }

  commitTransaction(conn: DatabaseConnection): Promise<void> {
    return run(conn, "commit");
  }

  /** SQLite has rolled back by itself after some errors, such as a full disk. */
  async rollbackTransaction(conn: DatabaseConnection): Promise<void> {
    if (this.#connection.isTransaction) await run(conn, "rollback");
  }

  savepoint(conn: DatabaseConnection, name: string): Promise<void> {
    return run(conn, `savepoint "${name}"`);
  }

  rollbackToSavepoint(conn: DatabaseConnection, name: string): Promise<void> {
    return run(conn, `rollback to "${name}"`);
  }

  releaseSavepoint(conn: DatabaseConnection, name: string): Promise<void> {
    return run(conn, `release "${name}"`);
  }

  /** Waits for what is under way. */
  async destroy(): Promise<void> {
    using _turn = await this.#turns.take();
  }
}

async function run(conn: DatabaseConnection, text: string): Promise<void> {
  await conn.executeQuery(CompiledQuery.raw(text));
}
