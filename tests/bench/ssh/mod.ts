/**
 * What SSH costs beside OpenSSH's sshd in the same run; the client is OpenSSH's for all, through a
 * pump for QUIC and TLS. `deno run -A tests/bench/ssh/mod.ts [--quick] [--only TEXT]`, where TEXT is
 * part of `bulk`, `logins`, `memory` or `sessions`.
 *
 * @module
 */
import { parseArgs } from "node:util";

import { missing, missingFile } from "../../tools/programs.ts";
import { printLine } from "../store/print.ts";
import { bulk, type BulkResult, bulkTable, type CIPHERS } from "./bulk.ts";
import { type LoginResult, logins, loginTable } from "./logins.ts";
import { memoryOf, type MemoryResult, memoryTable } from "./memory.ts";
import { Servers, type WayName } from "./servers.ts";
import { repeatedSessions, type SessionsResult, sessionsTable } from "./sessions.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const BULK = options.quick ? { rounds: 3, megabytes: 64 } : { rounds: 5, megabytes: 256 };
const LOGINS = options.quick ? { logins: 5, rounds: 1 } : { logins: 20, rounds: 5 };
const MEMORY = options.quick
  ? { connections: 10, megabytes: 128, restMs: 2_000 }
  : { connections: 50, megabytes: 1_000, restMs: 30_000 };
const SESSIONS = options.quick ? [20, 100, 200] : [20, 100, 400, 700, 1_000];
/** The client's first choice, which is post-quantum, is not to be had of ours; this is the second. */
const SAME_KEY_EXCHANGE = ["-o", "KexAlgorithms=curve25519-sha256"];

const absent = missing("ssh") ?? missingFile("/usr/sbin/sshd");
if (absent) printLine(`Left out: ${absent}`);
else await measure();

async function measure(): Promise<void> {
  if ("bulk".includes(options.only)) await bulkTransfers();
  if ("logins".includes(options.only)) await loginTimes();
  if ("memory".includes(options.only)) await memory();
  if ("sessions".includes(options.only)) await sessions();
}

async function bulkTransfers(): Promise<void> {
  await using servers = await Servers.start();
  const results: BulkResult[] = [];
  for (const cipher of ["chacha20", "aes-gcm"] as const satisfies (keyof typeof CIPHERS)[]) {
    results.push(...await bulk(servers.ways, cipher, BULK));
  }
  report("Bulk over one connection", bulkTable(results), results);
}

async function loginTimes(): Promise<void> {
  await using servers = await Servers.start();
  const sshd = servers.ways.filter(({ name }) => name === "sshd");
  const results: LoginResult[] = [
    ...await logins(servers.ways, [], LOGINS),
    ...await logins(sshd, SAME_KEY_EXCHANGE, LOGINS),
  ];
  report("Logins", loginTable(results), results);
}

async function memory(): Promise<void> {
  const results: MemoryResult[] = [];
  for (const way of ["sshd", "tcp", "tls", "quic"] as const satisfies WayName[]) {
    results.push(await memoryOf(way, MEMORY));
  }
  report("Memory of the server", memoryTable(results), results);
}

async function sessions(): Promise<void> {
  const results: SessionsResult[] = [];
  for (const way of ["sshd", "tcp", "tls", "quic"] as const satisfies WayName[]) {
    results.push(await repeatedSessions(way, SESSIONS));
  }
  report(
    "Memory of the server after sessions one after the other",
    sessionsTable(results),
    results,
  );
}

function report(title: string, text: string, data: unknown): void {
  printLine(`\n${title}\n\n${text}\n\n${JSON.stringify({ title, data })}`);
}
