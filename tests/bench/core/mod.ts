/**
 * Whole-system benchmarks of the core: what the dispatcher costs, each figure beside a raw peer in
 * the same run. `deno run -A tests/bench/core/mod.ts [--quick] [--only TEXT]`
 *
 * @module
 */
import { parseArgs } from "node:util";

import type { TransportName } from "./clients.ts";
import { compare, type Comparison, PEERS } from "./compare.ts";
import { idleMemory } from "./measures/idle_memory.ts";
import { replySizes, type ReplyTime } from "./measures/reply_sizes.ts";
import type { PeerName } from "./peer_process.ts";
import { SCENARIOS } from "./scenarios.ts";
import { figure, table } from "./table.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const EFFORT = options.quick ? { rounds: 3, durationMs: 400 } : { rounds: 5, durationMs: 1_000 };
const IDLE_CONNECTIONS = options.quick ? 500 : 5_000;
const REPLY_ROUNDS = options.quick ? 50 : 300;
const TRANSPORTS: readonly TransportName[] = ["quic", "tls"];

await scenarios();
if (wanted("reply sizes")) await replies();
if (wanted("idle memory")) await memory();

async function scenarios(): Promise<void> {
  for (const transport of TRANSPORTS) {
    const chosen = SCENARIOS.filter(({ name }) => wanted(`${transport} ${name}`));
    const results: Comparison[] = [];
    for (const scenario of chosen) results.push(await compare(scenario, transport, EFFORT));
    if (results.length > 0) show(transport, results);
  }
}

function show(transport: TransportName, results: readonly Comparison[]): void {
  const peers = PEERS[transport];
  const rows = results.map(({ scenario, unit, outcomes, ratio: [low, mid, high], cpuRatio }) => [
    `${scenario} (${unit})`,
    ...outcomes.map(({ value }) => figure(value)),
    `${mid.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`,
    ...outcomes.map(({ cpuUs }) => figure(cpuUs)),
    cpuRatio.toFixed(2),
  ]);
  const cpuHeadings = peers.map((peer) => `CPU us ${peer}`);
  report(
    `Over ${transport}, ratio = ours / ${peers[1]}`,
    ["", ...peers, "ratio (range)", ...cpuHeadings, "CPU ratio"],
    rows,
    results,
  );
}

async function replies(): Promise<void> {
  const all: { peer: PeerName; times: ReplyTime[] }[] = [];
  for (const peer of PEERS.tls) all.push({ peer, times: await replySizes(peer, REPLY_ROUNDS) });
  const rows = (all[0]?.times ?? []).map(({ bytes }, index) => [
    `${bytes} B`,
    ...all.flatMap(({ times }) => [times[index]?.median ?? NaN, times[index]?.p99 ?? NaN])
      .map((ms) => ms.toFixed(2)),
  ]);
  const headings = PEERS.tls.flatMap((peer) => [`${peer} median`, "p99"]);
  report("Reply sizes over TLS, ms from request to last byte", ["", ...headings], rows, all);
}

async function memory(): Promise<void> {
  const all: { transport: TransportName; peer: PeerName; bytes: number }[] = [];
  for (const transport of TRANSPORTS) {
    for (const peer of PEERS[transport]) {
      all.push({ transport, peer, bytes: await idleMemory(peer, transport, IDLE_CONNECTIONS) });
    }
  }
  const rows = all.map(({ transport, peer, bytes }) => [
    `${transport} ${peer}`,
    `${(bytes / 1000).toFixed(1)} kB`,
    (bytes / (all.find((each) => each.transport === transport && each.peer !== "ours")?.bytes ??
      NaN)).toFixed(2),
  ]);
  report(
    `Server memory an idle connection, ${IDLE_CONNECTIONS} open`,
    ["", "RSS", "ratio"],
    rows,
    all,
  );
}

function wanted(name: string): boolean {
  return name.includes(options.only);
}

function report(
  title: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  data: unknown,
): void {
  print(`\n${title}\n\n${table(headings, rows)}\n\n${JSON.stringify({ title, data })}\n`);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
