import { table } from "../core/table.ts";
import type { SharedConnection } from "./open_ssh.ts";
import { treeBytes, withoutChildren } from "./process_tree.ts";
import { SESSIONS_AT_ONCE } from "./logins.ts";
import { Servers, type Way, type WayName } from "./servers.ts";

/** How much. */
export interface MemoryEffort {
  /** Connections held open. */
  readonly connections: number;
  /** Bytes sent each way, in megabytes. */
  readonly megabytes: number;
  /** How long after that memory is looked at again. */
  readonly restMs: number;
}

/** What came of one way, in a server of its own; bytes. */
export interface MemoryResult {
  readonly way: WayName;
  /** After the first login. */
  readonly before: number;
  readonly perConnection: number;
  readonly perSession: number;
  /** When the bulk is done and the client has left, and a while later. */
  readonly afterBulk: number;
  readonly afterRest: number;
}

/** Time for a server to notice who has come or gone. */
const SETTLE_MS = 1_000;

/** Memory of connections, sessions and bulk of a way. */
export async function memoryOf(name: WayName, effort: MemoryEffort): Promise<MemoryResult> {
  await using servers = await Servers.start();
  const way = servers.ways.find((each) => each.name === name);
  if (!way) throw new RangeError(`No way ${name}`);
  await way.client.run("true");
  const before = await settledBytes(way);
  const perConnection = await memoryOfConnections(way, effort.connections);
  const perSession = await memoryOfSessions(way);
  await bulkBothWays(way, effort.megabytes);
  await withoutChildren(way.pid);
  const afterBulk = treeBytes(way.pid);
  await rest(effort.restMs);
  const afterRest = treeBytes(way.pid);
  return { way: name, before, perConnection, perSession, afterBulk, afterRest };
}

async function memoryOfConnections(way: Way, count: number): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const without = await settledBytes(way);
  for (let index = 0; index < count; index++) stack.use(await way.client.connect());
  await rest(SETTLE_MS);
  return (treeBytes(way.pid) - without) / count;
}

async function memoryOfSessions(way: Way): Promise<number> {
  await using connection = await way.client.connect();
  await connection.run("true");
  await rest(SETTLE_MS);
  const without = treeBytes(way.pid);
  for (let index = 0; index < SESSIONS_AT_ONCE; index++) connection.start("exec sleep 600");
  await rest(SETTLE_MS * 3);
  return (treeBytes(way.pid) - without) / SESSIONS_AT_ONCE;
}

async function bulkBothWays({ client }: Way, megabytes: number): Promise<void> {
  await using connection: SharedConnection = await client.connect();
  await connection.run(`head -c ${megabytes}000000 /dev/zero`);
  await connection.sendZeros(megabytes * 1_000_000);
}

/** Memory once everybody has left. */
async function settledBytes({ pid }: Way): Promise<number> {
  await withoutChildren(pid);
  await rest(SETTLE_MS);
  return treeBytes(pid);
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Lays the results out. */
export function memoryTable(results: readonly MemoryResult[]): string {
  const rows = results.map((each) => [
    each.way,
    megabytes(each.before),
    (each.perConnection / 1e3).toFixed(0),
    (each.perSession / 1e3).toFixed(0),
    megabytes(each.afterBulk),
    megabytes(each.afterRest),
    (each.afterRest / each.before).toFixed(2),
  ]);
  const bulk = ["MB after bulk", "MB later", "later to idle"];
  return table(["", "MB idle", "kB a connection", "kB a session", ...bulk], rows);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
