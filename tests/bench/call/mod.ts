/**
 * What calls cost, beside gRPC (@grpc/grpc-js on Node) and NATS in the same run; both ends are
 * processes of their own.
 * `deno run -A tests/bench/call/mod.ts [--quick] [--only TEXT]`, where TEXT is part of `calls`,
 * `items` or `peers`.
 *
 * @module
 */
import { parseArgs } from "node:util";

import { missing } from "../../tools/programs.ts";
import { attachedPeers, type AttachedResult, attachedTable } from "./attached_peers.ts";
import { PeerEnds, type PeerName } from "./end_process.ts";
import { items, type ItemsResult, itemsTable } from "./subscriptions.ts";
import { unary, type UnaryResult, unaryTable } from "./unary.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const EFFORT = options.quick ? { rounds: 3, durationMs: 500 } : { rounds: 5, durationMs: 1_500 };
const CONCURRENCIES = [1, 32, 256];

if ("calls".includes(options.only)) await calls();
if ("items".includes(options.only)) await subscriptions();
if ("peers".includes(options.only)) await peers();

async function calls(): Promise<void> {
  const names: PeerName[] = ["quic", "tls"];
  for (const [peer, program] of [["grpc", "node"], ["nats", "nats-server"]] as const) {
    const absent = missing(program);
    if (absent) print(`\n${peer}: left out, ${absent}\n`);
    else names.push(peer);
  }
  await using stack = new AsyncDisposableStack();
  const peers: PeerEnds[] = [];
  for (const name of names) peers.push(stack.use(await PeerEnds.start(name)));
  const results: UnaryResult[] = [];
  for (const concurrency of CONCURRENCIES) {
    results.push(...await unary(peers, concurrency, EFFORT));
  }
  const against = names.filter((name) => name === "grpc" || name === "nats");
  report("Calls of 100 B", unaryTable(results, against), results);
}

async function subscriptions(): Promise<void> {
  const results: ItemsResult[] = [];
  for (const name of ["quic", "tls"] as const) {
    await using peer = await PeerEnds.start(name);
    for (const bytes of [100, 10_000]) {
      for (const slow of [false, true]) results.push(await items(peer, bytes, slow, EFFORT));
    }
  }
  report("Items of one subscription", itemsTable(results), results);
}

async function peers(): Promise<void> {
  const workers = options.quick ? 100 : 1_000;
  const results: AttachedResult[] = [];
  for (const transport of ["quic", "tls"] as const) {
    results.push(await attachedPeers(transport, workers, EFFORT.durationMs));
  }
  report("Workers attached to one head", attachedTable(results), results);
}

function report(title: string, text: string, data: unknown): void {
  print(`\n${title}\n\n${text}\n\n${JSON.stringify({ title, data })}\n`);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
