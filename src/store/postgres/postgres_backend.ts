import { getLogger } from "@logtape/logtape";
import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import {
  type Backend,
  type BackendOptions,
  type BackendStats,
  type CheckReport,
  DEFAULT_LOCK_TIMEOUT_MS,
  DEFAULT_POLL_MS,
} from "../backend.ts";
import { StoreBackendError } from "../errors.ts";
import { migrate } from "../migrations.ts";
import type { Schema } from "../schema.ts";
import {
  type ConnectionLimits,
  type FaultMapper,
  openListenConnection,
  openPool,
} from "./driver_adapter.ts";
import { dump } from "./dump.ts";
import { faultMapper } from "./errors.ts";
import { databaseBytes, inspect } from "./inspection.ts";
import { Listener } from "./listener.ts";
import { forgetOutcomes, OUTCOME_MIGRATIONS } from "./outcome.ts";
import { parsePostgresUrl, type PostgresTarget } from "./url.ts";
import { type Work, Writer } from "./writer.ts";

/** Most connections a process opens for each use; {@linkcode Listener} has one more. */
const CONNECTIONS = { reads: 6, writes: 1, maintenance: 2 };
/** Longest run of a statement, and longest pause within a transaction. */
const STATEMENT_MS = 10_000;
/** A listening connection asks for next to nothing, so it is given up soon. */
const LISTEN_LIMITS: ConnectionLimits = {
  connections: 1,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 2_000,
  lockTimeoutMs: 2_000,
  idleTransactionTimeoutMs: 0,
};
/** How long to wait for another process that is changing the tables. */
const MIGRATION_LOCK_MS = 60_000;
const MIGRATION_LOCK = 7_400_002n;

const log = getLogger(["alknet", "store"]);

/** Connections to one database, by what they are for. */
interface Connections {
  readonly reads: Kysely<Schema>;
  readonly writes: Kysely<Schema>;
  /** For what takes long. */
  readonly maintenance: Kysely<Schema>;
}

/** A PostgreSQL database, shared by processes of any number of machines. */
export class PostgresBackend implements Backend {
  readonly kind = "postgres";
  readonly location: string;
  readonly #target: PostgresTarget;
  readonly #connections: Connections;
  readonly #writer: Writer;
  readonly #listener: Listener;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  private constructor(target: PostgresTarget, connections: Connections, options: BackendOptions) {
    const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS, pollMs = DEFAULT_POLL_MS } = options;
    this.location = `postgres://${target.label}`;
    this.#target = target;
    this.#connections = connections;
    this.#listener = new Listener({
      connect: (hear) => openListenConnection(target, LISTEN_LIMITS, mapper(target), hear),
      pollMs,
      onLost: (error) => log.warn("store.listen.lost", { location: this.location, error }),
    });
    this.#writer = new Writer({
      db: connections.writes,
      lockTimeoutMs,
      now: options.now ?? Date.now,
      onCommit: (newest) => this.#listener.hear(newest),
    });
  }

  /**
   * Connects and brings the tables up to date.
   *
   * @throws {StoreUrlError} For a URL that is none.
   * @throws {StoreBackendError} When that fails.
   */
  static async open(url: string, options: BackendOptions = {}): Promise<PostgresBackend> {
    const target = parsePostgresUrl(url);
    const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = options;
    const connections = await connectionsTo(target, lockTimeoutMs);
    try {
      await prepare(connections.maintenance, options);
      return new PostgresBackend(target, connections, options);
    } catch (error) {
      await closeAll(connections);
      throw error;
    }
  }

  /** See {@linkcode Backend.db}. */
  get db(): Kysely<Schema> {
    return this.#open().reads;
  }

  /** See {@linkcode Backend.snapshot}. */
  async snapshot<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T> {
    const transaction = this.#open().reads.transaction();
    const reading = transaction.setIsolationLevel("repeatable read").setAccessMode("read only");
    return await this.#track(reading.execute(work));
  }

  /** See {@linkcode Backend.write}. */
  async write<T>(work: Work<T>): Promise<T> {
    this.#open();
    return await this.#track(this.#writer.write(work));
  }

  /** See {@linkcode Backend.listen}. */
  listen(listener: () => void): () => void {
    this.#open();
    return this.#listener.listen(listener);
  }

  /** See {@linkcode Backend.check}. */
  async check(): Promise<CheckReport> {
    return await this.#track(inspect(this.#open().maintenance));
  }

  /** See {@linkcode Backend.backup}. */
  async backup(path: string): Promise<void> {
    this.#open();
    await dump(this.#target, path);
  }

  /** See {@linkcode Backend.stats}. */
  async stats(): Promise<BackendStats> {
    const { commits, retries } = this.#writer;
    const { wakes, reconnects } = this.#listener;
    return { bytes: await databaseBytes(this.#open().reads), commits, retries, wakes, reconnects };
  }

  /** Waits for what is under way, which has its time limits, and closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await Promise.all([this.#listener[Symbol.asyncDispose](), closeAll(this.#connections)]);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }

  #open(): Connections {
    if (!this.#closing) return this.#connections;
    throw new StoreBackendError("closed", `Cannot use the closed store "${this.location}"`);
  }
}

function mapper(target: PostgresTarget): FaultMapper {
  return faultMapper(target.label);
}

async function connectionsTo(target: PostgresTarget, lockTimeoutMs: number): Promise<Connections> {
  const usual: ConnectionLimits = {
    connections: CONNECTIONS.reads,
    connectTimeoutMs: lockTimeoutMs,
    statementTimeoutMs: STATEMENT_MS,
    lockTimeoutMs,
    idleTransactionTimeoutMs: STATEMENT_MS,
  };
  const patient = {
    connections: CONNECTIONS.maintenance,
    statementTimeoutMs: 0,
    lockTimeoutMs: MIGRATION_LOCK_MS,
    idleTransactionTimeoutMs: 0,
  };
  const open = async (limits: Partial<ConnectionLimits>): Promise<Kysely<Schema>> => {
    const pool = await openPool(target, { ...usual, ...limits }, mapper(target));
    return new Kysely({ dialect: new PostgresDialect({ pool }) });
  };
  return {
    reads: await open({}),
    writes: await open({ connections: CONNECTIONS.writes }),
    maintenance: await open(patient),
  };
}

async function closeAll({ reads, writes, maintenance }: Connections): Promise<void> {
  await Promise.all([reads, writes, maintenance].map((db) => db.destroy()));
}

/** Changes the tables under a lock of the session, so that of many processes one does it. */
async function prepare(db: Kysely<Schema>, { migrations }: BackendOptions): Promise<void> {
  await db.connection().execute(async (holder) => {
    await sql`select pg_advisory_lock(${sql.lit(MIGRATION_LOCK)})`.execute(holder);
    try {
      await migrate(db, "postgres", { postgres: OUTCOME_MIGRATIONS, ...migrations?.("postgres") });
      await forgetOutcomes(db);
    } finally {
      await sql`select pg_advisory_unlock(${sql.lit(MIGRATION_LOCK)})`.execute(holder);
    }
  });
}
