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
import { Servers } from "./servers.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const BULK = options.quick ? { rounds: 3, megabytes: 64 } : { rounds: 5, megabytes: 256 };

const absent = missing("ssh") ?? missingFile("/usr/sbin/sshd");
if (absent) printLine(`Left out: ${absent}`);
else await measure();

async function measure(): Promise<void> {
  if ("bulk".includes(options.only)) await bulkTransfers();
}

async function bulkTransfers(): Promise<void> {
  await using servers = await Servers.start();
  const results: BulkResult[] = [];
  for (const cipher of ["chacha20", "aes-gcm"] as const satisfies (keyof typeof CIPHERS)[]) {
    results.push(...await bulk(servers.ways, cipher, BULK));
  }
  report("Bulk over one connection", bulkTable(results), results);
}

function report(title: string, text: string, data: unknown): void {
  printLine(`\n${title}\n\n${text}\n\n${JSON.stringify({ title, data })}`);
}
