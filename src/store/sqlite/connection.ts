import { DatabaseSync, type StatementSync } from "node:sqlite";
import { breathe } from "@alknet/core";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { checkParameters } from "../parameters.ts";
import { storeError } from "./sqlite_errors.ts";

/** Most prepared statements kept; the least recently used one goes first. */
const MAX_STATEMENTS = 200;

/**
 * Milliseconds SQLite itself waits for a lock. The event loop stands still meanwhile, so it is short
 * and longer waits are made by callers.
 */
const BUSY_TIMEOUT_MS = 2;

/**
 * Pages in the write-ahead log at which a commit copies them into the database by itself, which
 * takes a while. Only a backstop: see `checkpoint.ts`.
 */
const AUTO_CHECKPOINT_PAGES = 32_000;

/** One connection to an SQLite file, as kysely wants it. */
export class SqliteConnection implements DatabaseConnection {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @param queryOnly Whether to refuse writes.
   * @throws {StoreBackendError} When the file cannot be opened.
   */
  constructor(path: string, queryOnly: boolean) {
    this.#path = path;
    this.#db = this.#try(() => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS }));
    try {
      this.exec("pragma journal_mode = wal");
      this.exec("pragma synchronous = full");
      this.exec("pragma foreign_keys = on");
      this.exec(`pragma wal_autocheckpoint = ${AUTO_CHECKPOINT_PAGES}`);
      if (queryOnly) this.exec("pragma query_only = on");
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Runs a statement without parameters or result. */
  exec(sql: string): void {
    this.#try(() => this.#db.exec(sql));
  }

  /** Runs a pragma and returns its row. */
  pragma(text: string): Readonly<Record<string, unknown>> {
    return this.#try(() => this.#statement(`pragma ${text}`).get()) ?? {};
  }

  /** Whether a transaction is open. */
  get isTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** See {@linkcode DatabaseConnection.executeQuery}. */
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    await breathe();
    return this.#execute(query);
  }

  /** See {@linkcode DatabaseConnection.streamQuery}. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    const parameters = checkParameters(query.parameters);
    const statement = this.#try(() => this.#db.prepare(query.sql)); // one that nobody else resets
    for (const row of statement.iterate(...parameters)) yield { rows: [row as R] };
  }

  /** Closes it; what it had not committed is gone. */
  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }

  #execute<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    const values = checkParameters(parameters);
    return this.#try(() => {
      const statement = this.#statement(sql);
      if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return {
        rows: [],
        numAffectedRows: BigInt(changes),
        insertId: BigInt(lastInsertRowid),
      };
    });
  }

  #statement(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > MAX_STATEMENTS && oldest) this.#statements.delete(oldest);
    return statement;
  }

  #try<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }
}
