import { Kysely, sql } from "kysely";
import type { BackendOptions } from "../backend.ts";
import { migrate } from "../migrations.ts";
import type { Schema } from "../schema.ts";
import { SqliteConnection } from "./connection.ts";
import { NodeSqliteDialect } from "./dialect.ts";
import { createPrivateFile, fileIdentity, logIdentity } from "./file_identity.ts";

/** Thrown within a transaction when its file is no longer the one at the path. */
export class FileReplacedError extends Error {
  override readonly name = "FileReplacedError";
  readonly blame = "local";
}

/**
 * The connections to one database file, as long as the path leads to that file. Each has its own
 * job: a long snapshot does not keep other reads waiting, and a commit of this process shows in the
 * `data_version` of another connection only.
 */
export class FileConnections implements AsyncDisposable {
  readonly identity: string;
  readonly writer: Kysely<Schema>;
  readonly reader: Kysely<Schema>;
  readonly snapshots: Kysely<Schema>;
  readonly watch: SqliteConnection;
  readonly #path: string;
  readonly #writer: SqliteConnection;
  readonly #opened: SqliteConnection[] = [];
  #log?: string;

  private constructor(path: string) {
    this.#path = path;
    createPrivateFile(path);
    this.identity = fileIdentity(path);
    const open = (queryOnly: boolean): SqliteConnection => {
      const connection = new SqliteConnection(path, queryOnly);
      this.#opened.unshift(connection);
      return connection;
    };
    try {
      const onLocked = (): void => this.#checkIdentity();
      this.#writer = open(false);
      this.writer = kyselyOn(this.#writer, onLocked);
      this.reader = kyselyOn(open(true));
      this.snapshots = kyselyOn(open(true));
      this.watch = open(true);
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  /**
   * Opens the file, creates it where there is none, and brings its tables up to date.
   *
   * @throws {StoreBackendError} When that fails.
   */
  static async open(path: string, { migrations }: BackendOptions): Promise<FileConnections> {
    const connections = new FileConnections(path);
    try {
      await migrate(connections.writer, "sqlite", migrations?.("sqlite"));
      await connections.#lookAgain();
      connections.#log = logIdentity(path);
      return connections;
    } catch (error) {
      await connections[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Changes with every commit of any other connection, those of this process included. */
  get dataVersion(): unknown {
    return this.watch.pragma("data_version").data_version;
  }

  /** Pages in the write-ahead log that are not in the database yet. */
  get pendingPages(): number {
    const { log, checkpointed } = this.watch.pragma("wal_checkpoint(noop)");
    return Number(log) - Number(checkpointed);
  }

  /** Copies them, as far as readers let it; nothing may be written meanwhile. */
  checkpoint(): void {
    this.#writer.pragma("wal_checkpoint(passive)");
  }

  /** The write-ahead log of this very file, see {@linkcode removeStaleLog}. */
  get logIdentity(): string | undefined {
    return this.#log;
  }

  /** Whether the path leads to this very file. */
  get isCurrent(): boolean {
    return fileIdentity(this.#path) === this.identity;
  }

  /** Waits for what is under way and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [this.writer, this.reader, this.snapshots];
    await Promise.all(all.map((each) => each.destroy()));
    this.#close();
  }

  /** The writer was opened first and is closed last: it can clear the log away. */
  #close(): void {
    for (const connection of this.#opened) connection.close();
  }

  /**
   * Has the readers, which were opened before the tables were brought up to date, read the schema
   * anew: node:sqlite (Deno 2.9.6) takes the columns of `select *` from what it knows when it
   * prepares the statement, and a column that was added since would be missing from its rows.
   */
  async #lookAgain(): Promise<void> {
    for (const each of [this.reader, this.snapshots]) {
      await sql`select 1 from sqlite_master limit 1`.execute(each);
    }
  }

  /** Once the lock is held: whoever replaces the file holds it too, so no commit can be lost. */
  #checkIdentity(): void {
    if (!this.isCurrent) throw new FileReplacedError("The file was replaced");
  }
}

function kyselyOn(connection: SqliteConnection, onLocked?: () => void): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new NodeSqliteDialect({ connection, onLocked }) });
}
