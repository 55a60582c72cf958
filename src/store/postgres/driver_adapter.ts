import { Socket } from "node:net";

import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import { StoreBackendError, StoreSerializationError } from "../errors.ts";
import { checkParameters } from "../parameters.ts";
import { type DriverFault, toDriverFault } from "./driver_fault.ts";
import type { PostgresTarget } from "./url.ts";

/** Bounds of a set of connections. */
export interface ConnectionLimits {
  /** Most connections at once. */
  readonly connections: number;
  /** Longest wait for a connection, new or free, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Longest run of a statement, in milliseconds; 0 is for ever. */
  readonly statementTimeoutMs: number;
  /** Longest wait for a lock, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** Longest pause within a transaction, after which the server ends it, in milliseconds. */
  readonly idleTransactionTimeoutMs: number;
}

/** Turns what the driver throws into an error of this package. */
export type FaultMapper = (fault: DriverFault) => Error;

/** A connection of its own that hears notifications. */
export interface ListenConnection extends AsyncDisposable {
  /** Resolves to the reason, if there is one, when the connection is over. */
  readonly closed: Promise<unknown>;
  /** Runs one statement and returns the first column of its first row. */
  value(sql: string): Promise<unknown>;
}

/** The parts of `npm:pg`, which has no types of its own, that are used here. */
interface PgModule {
  readonly Client: new (config: object) => PgClient;
  readonly Pool: new (config: object) => PgPool;
  readonly types: { getTypeParser(oid: number, format?: string): Parser };
}

interface PgClient {
  connect(): Promise<void>;
  query(statement: string | PgStatement): Promise<PostgresQueryResult<never>>;
  end(): Promise<void>;
  release(destroy?: boolean): void;
  on(
    event: "error" | "end" | "notification",
    listener: (value: { payload?: string }) => void,
  ): void;
}

interface PgStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  // deno-lint-ignore camelcase -- as the driver has it
  readonly query_timeout?: number;
}

interface PgPool {
  readonly options: object;
  connect(): Promise<PgClient>;
  end(): Promise<void>;
  on(event: "connect" | "error", listener: (client: PgClient) => void): void;
}

type Parser = (text: string) => unknown;

const OID_BYTEA = 17;
const OID_INT8 = 20;
/** What the client waits beyond the server's own timeout before it gives the server up. */
const GRACE_MS = 2_000;
const PROMPT = /^(?:begin|start transaction|rollback)\b/;
const KEEP_ALIVE_MS = 10_000;
const IDLE_MS = 30_000;
/** How long a farewell may take, and what is left open after it. */
const CLOSE_MS = 3_000;
const LINGER_MS = 250;

/** Makes a pool for kysely. It connects when first used; the driver is loaded then, too. */
export async function openPool(
  target: PostgresTarget,
  limits: ConnectionLimits,
  toError: FaultMapper,
): Promise<PostgresPool> {
  const pg = await load();
  const sockets = new Sockets();
  const pool = new pg.Pool({
    ...await clientConfig(pg, target, limits, sockets),
    max: limits.connections,
    idleTimeoutMillis: IDLE_MS,
  });
  // A connection that breaks is dropped by the pool; without listeners it would end the process.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  return {
    options: {},
    connect: async () => {
      const client = await mapped(() => pool.connect(), toError);
      const checked = new CheckedClient(client, limits.connectTimeoutMs, toError);
      return checked as unknown as PostgresPoolClient;
    },
    end: () => sockets.closeAfter(pool.end()),
  };
}

/** Opens a connection for LISTEN; `onNotification` gets each payload. */
export async function openListenConnection(
  target: PostgresTarget,
  limits: ConnectionLimits,
  toError: FaultMapper,
  onNotification: (payload: string) => void,
): Promise<ListenConnection> {
  const pg = await load();
  const sockets = new Sockets();
  const client = new pg.Client(await clientConfig(pg, target, limits, sockets));
  const closed = Promise.withResolvers<unknown>();
  client.on("error", (error) => closed.resolve(error));
  client.on("end", () => closed.resolve(undefined));
  client.on("notification", ({ payload }) => onNotification(payload ?? ""));
  const close = () => sockets.closeAfter(client.end());
  try {
    await mapped(() => client.connect(), toError);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    closed: closed.promise,
    value: async (sql) => {
      const { rows } = await mapped(() => client.query(sql), toError);
      return Object.values(rows[0] ?? {})[0];
    },
    [Symbol.asyncDispose]: close,
  };
}

/** A client that checks parameters, maps errors and never goes back to the pool broken. */
class CheckedClient {
  readonly #client: PgClient;
  readonly #promptMs: number;
  readonly #toError: FaultMapper;
  #broken = false;

  /** Statements that wait for nothing are given `promptMs`, to tell a server that hangs soon. */
  constructor(client: PgClient, promptMs: number, toError: FaultMapper) {
    this.#client = client;
    this.#promptMs = promptMs;
    this.#toError = toError;
  }

  async query(sql: string, values: readonly unknown[]): Promise<PostgresQueryResult<never>> {
    // Flags are numbers in our tables; booleans come from kysely's own look at the catalogue.
    checkParameters(values.filter((value) => typeof value !== "boolean"));
    const statement = {
      text: sql,
      values,
      ...(PROMPT.test(sql) && { query_timeout: this.#promptMs }),
    };
    return await mapped(() => this.#client.query(statement), (fault) => {
      this.#broken ||= fault.kind === "connection";
      return this.#toError(fault);
    });
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#broken);
  }
}

/** Sockets of a pool or client, so that its end takes bounded time and leaves nothing open. */
class Sockets {
  readonly #open = new Set<Socket>();
  #closed = Promise.withResolvers<void>();

  /** Makes one for the driver. */
  readonly make = (): Socket => {
    const socket = new Socket();
    this.#open.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#closed.resolve();
      this.#closed = Promise.withResolvers();
    });
    return socket;
  };

  /** Waits for a farewell and the end of all sockets, and cuts short what takes long. */
  async closeAfter(farewell: Promise<void>): Promise<void> {
    const hung = setTimeout(() => this.#destroy(), CLOSE_MS);
    await farewell;
    clearTimeout(hung);
    // The driver leaves a socket open when logging in fails for want of a password.
    const left = setTimeout(() => this.#destroy(), LINGER_MS);
    while (this.#open.size > 0) await this.#closed.promise;
    clearTimeout(left);
  }

  #destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

async function load(): Promise<PgModule> {
  const { default: pg } = await import("pg");
  return pg;
}

async function clientConfig(
  pg: PgModule,
  { host, port, user, password, database, tls }: PostgresTarget,
  limits: ConnectionLimits,
  sockets: Sockets,
): Promise<object> {
  const { statementTimeoutMs } = limits;
  return {
    ...{ host, port, user, password, database },
    ssl: tls === undefined ? false : await tlsOptions(tls.caPath),
    stream: sockets.make,
    application_name: "alknet",
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleTransactionTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs === 0 ? undefined : statementTimeoutMs + GRACE_MS,
    types: { getTypeParser: (oid: number, format?: string) => parserOf(pg, oid, format) },
  };
}

async function tlsOptions(caPath: string | undefined): Promise<object> {
  if (caPath === undefined) return {};
  try {
    return { ca: await Deno.readTextFile(caPath) };
  } catch (cause) {
    const message = `Cannot read "${caPath}", which sslrootcert of the store's URL names`;
    throw new StoreBackendError("unavailable", message, { cause });
  }
}

function parserOf(pg: PgModule, oid: number, format?: string): Parser {
  if (oid === OID_INT8) return parseInteger;
  if (oid === OID_BYTEA) return parseBytes;
  return pg.types.getTypeParser(oid, format);
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new StoreSerializationError(`Cannot read the number ${text}: not a safe integer`);
}

function parseBytes(text: string): Uint8Array {
  if (text.startsWith("\\x")) return Uint8Array.fromHex(text.slice(2));
  throw new StoreSerializationError("Cannot read bytes: set bytea_output of the server to hex");
}

async function mapped<T>(work: () => Promise<T>, toError: FaultMapper): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreSerializationError) throw error;
    throw toError(toDriverFault(error));
  }
}

function ignore(): void {}
