// deno-lint-ignore-file camelcase -- settings are called what the server calls them
/** A PostgreSQL server of a test's own: throw-away, on loopback, started and killed at will. */
import { join } from "node:path";

import { freePort } from "./free_port.ts";
import { ToolError } from "./errors.ts";
import { capture } from "./process.ts";
import { findServer, type ServerPrograms } from "./postgres_programs.ts";

export { postgresMissing } from "./postgres_programs.ts";

/** A cluster that lives as long as the test that asked for it. */
export interface PostgresCluster extends AsyncDisposable {
  /** Of the database `postgres`, over TCP with a password. */
  readonly url: string;
  /** TCP port; the same after every restart. */
  readonly port: number;
  /** The certificate to trust, where the cluster was started with TLS. */
  readonly caPath: string;
  /** Holds `data`, the cluster's files, and the Unix socket. */
  readonly dir: string;
  /** What the server wrote to its log so far. */
  log(): Promise<string>;
  /** Makes an empty database and returns its URL. */
  database(): Promise<string>;
  /** Runs SQL as the superuser in the database `postgres`; returns unaligned rows. */
  sql(text: string): Promise<string>;
  /** Starts the server, which must not run, and waits until it takes connections. */
  start(): Promise<void>;
  /** Stops it as `pg_ctl stop -m fast` does: transactions roll back, clients are thrown out. */
  stop(): Promise<void>;
  /** Stops and starts it. */
  restart(): Promise<void>;
  /** Kills the postmaster and every process of it with SIGKILL: a crash. {@linkcode start} recovers. */
  kill9(): Promise<void>;
  /** Stops every process where it is: the server takes connections and does not answer. */
  freeze(): Promise<void>;
  /** Lets a frozen server go on. */
  thaw(): Promise<void>;
}

/** How a cluster is set up. */
export interface PostgresOptions {
  /** Whether the server has a certificate, for `localhost` and no other name. Default false. */
  readonly tls?: boolean;
  /** Whether the files are in memory, where a flush costs nothing. Default false: on the disk. */
  readonly inMemory?: boolean;
  /** `max_connections` of the server. Default 60. */
  readonly maxConnections?: number;
}

const PASSWORD = "throw-away secret/9%";
const MEMORY_DIR = "/dev/shm";
const START_MS = 30_000;
const POLL_MS = 20;
const PORT_TRIES = 5;

/** Makes a cluster with `initdb` in a directory of its own and starts it. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresCluster> {
  const programs = findServer();
  if (typeof programs === "string") throw new ToolError(`Cannot start PostgreSQL: ${programs}`);
  const parent = options.inMemory && await isDirectory(MEMORY_DIR) ? MEMORY_DIR : undefined;
  const dir = await Deno.makeTempDir({ dir: parent, prefix: "alknet-pg-" });
  const cluster = new Cluster(programs, dir, options);
  try {
    await cluster.make();
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

class Cluster implements PostgresCluster {
  readonly caPath: string;
  readonly dir: string;
  port = 0;
  readonly #programs: ServerPrograms;
  readonly #options: PostgresOptions;
  #server: Deno.ChildProcess | undefined;
  #databases = 0;

  constructor(programs: ServerPrograms, dir: string, options: PostgresOptions) {
    this.#programs = programs;
    this.dir = dir;
    this.#options = options;
    this.caPath = join(dir, "server.crt");
  }

  get url(): string {
    return this.#urlOf("postgres");
  }

  log(): Promise<string> {
    return Deno.readTextFile(join(this.dir, "log"));
  }

  async database(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.sql(`create database ${name}`);
    return this.#urlOf(name);
  }

  async sql(text: string): Promise<string> {
    const args = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", this.url, "-c", text];
    const { code, output } = await capture([this.#programs.psql, ...args]);
    if (code !== 0) throw new ToolError(`SQL failed: ${output.trim()}`);
    return output.trim();
  }

  /** Makes the files of the cluster. */
  async make(): Promise<void> {
    const { owner } = this.#programs;
    const passwordFile = join(this.dir, "password");
    await Deno.writeTextFile(passwordFile, PASSWORD);
    if (this.#options.tls) await makeCertificate(this.dir);
    for (const name of [".", "password", ...(this.#options.tls ? ["server.key"] : [])]) {
      await Deno.chown(join(this.dir, name), owner.uid, owner.gid);
    }
    await this.#must([
      this.#programs.initdb,
      ...["-D", this.#data, "-U", "alknet", "--pwfile", passwordFile, "--no-sync"],
      // Sorted as people sort, which is what most servers do and SQLite does not.
      ...["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"],
      ...["--auth=scram-sha-256", "--encoding=UTF8"],
    ]);
  }

  async start(): Promise<void> {
    if (this.#server) throw new ToolError("Cannot start PostgreSQL: it runs");
    for (let tries = 1;; tries++) {
      // Another program may take the port between here and the server's bind.
      this.port ||= freePort();
      this.#server = this.#spawn();
      const failure = await this.#untilReady(this.#server);
      if (failure === undefined) return;
      this.#server = undefined;
      if (tries === PORT_TRIES) throw new ToolError(`Cannot start PostgreSQL: ${failure}`);
      if (tries === 1 && /address already in use/i.test(failure)) this.port = 0;
      await delay(200);
    }
  }

  async stop(): Promise<void> {
    await this.#end("SIGINT");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async kill9(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    await this.#signalAll("SIGKILL");
    await this.#end("SIGKILL");
  }

  async freeze(): Promise<void> {
    await this.#signalAll("SIGSTOP");
  }

  async thaw(): Promise<void> {
    await this.#signalAll("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.thaw();
    await this.#end("SIGQUIT");
    await Deno.remove(this.dir, { recursive: true });
  }

  get #data(): string {
    return join(this.dir, "data");
  }

  #urlOf(database: string): string {
    const host = this.#options.tls ? "localhost" : "127.0.0.1";
    return `postgres://alknet:${encodeURIComponent(PASSWORD)}@${host}:${this.port}/${database}`;
  }

  #spawn(): Deno.ChildProcess {
    const settings = {
      listen_addresses: "127.0.0.1",
      port: this.port,
      unix_socket_directories: this.dir,
      max_connections: this.#options.maxConnections ?? 60,
      shared_buffers: "16MB",
      fsync: "on",
      synchronous_commit: "on",
      ...(this.#options.tls && {
        ssl: "on",
        ssl_cert_file: this.caPath,
        ssl_key_file: join(this.dir, "server.key"),
      }),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const server = [...this.#programs.asOwner, this.#programs.postgres, "-D", this.#data, ...flags];
    return new Deno.Command("sh", {
      args: ["-c", 'exec "$@" >>"$LOG" 2>&1', "sh", ...server],
      env: { LOG: join(this.dir, "log"), LC_ALL: "C" },
      cwd: this.dir,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Waits for the server; returns the end of its log if it exits instead. */
  async #untilReady(server: Deno.ChildProcess): Promise<string | undefined> {
    let exited = false;
    server.status.then(() => exited = true);
    for (const start = Date.now(); Date.now() - start < START_MS; await delay(POLL_MS)) {
      if (exited) return (await this.log()).split("\n").slice(-6).join("\n");
      if (await this.#isReady(server.pid)) return undefined;
    }
    kill(server.pid, "SIGKILL");
    await server.status;
    return `it was not ready after ${START_MS} ms`;
  }

  async #isReady(pid: number): Promise<boolean> {
    try {
      const text = await Deno.readTextFile(join(this.#data, "postmaster.pid"));
      const lines = text.split("\n");
      return lines[0] === String(pid) && lines[7]?.trim() === "ready";
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  async #signalAll(signal: Deno.Signal): Promise<void> {
    if (!this.#server) return;
    const { pid } = this.#server;
    // The postmaster first: it starts no further process then.
    kill(pid, signal === "SIGKILL" ? "SIGSTOP" : signal);
    for (const child of await childrenOf(pid)) kill(child, signal);
    kill(pid, signal);
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    kill(server.pid, signal);
    await server.status;
  }

  async #must(command: readonly string[]): Promise<void> {
    const { code, output } = await capture([...this.#programs.asOwner, ...command], {
      cwd: this.dir,
      env: { LC_ALL: "C" },
    });
    if (code !== 0) throw new ToolError(`Cannot make a PostgreSQL cluster: ${output.trim()}`);
  }
}

async function makeCertificate(dir: string): Promise<void> {
  const { code, output } = await capture([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-nodes", "-days", "2", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=DNS:localhost"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-keyout", join(dir, "server.key"), "-out", join(dir, "server.crt")],
  ]);
  if (code !== 0) throw new ToolError(`Cannot make a certificate: ${output.trim()}`);
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    // It ended on its own, which is what was wanted.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

function delay(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
