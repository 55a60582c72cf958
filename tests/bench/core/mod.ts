/**
 * Whole-system benchmarks of the core: what the dispatcher costs, each figure beside a raw peer in
 * the same run. `deno run -A tests/bench/core/mod.ts [--quick] [--only TEXT]`
 *
 * @module
 */
import { parseArgs } from "node:util";

import type { TransportName } from "./clients.ts";
import { compare, type Comparison, PEERS } from "./compare.ts";
import { httpRate, httpReplySizes } from "./measures/http_requests.ts";
import { idleMemory } from "./measures/idle_memory.ts";
import { replySizes, type ReplyTime } from "./measures/reply_sizes.ts";
import type { PeerName } from "./peer_process.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
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
if (wanted("http")) await web();
if (wanted("idle memory")) await memory();

async function scenarios(): Promise<void> {
  for (const transport of TRANSPORTS) {
    const chosen = SCENARIOS.filter(({ name }) => wanted(`${transport} ${name}`));
    const results: Comparison[] = [];
    for (const scenario of chosen) results.push(await compare(scenario, transport, EFFORT));
    if (results.length > 0) showComparisons(`Over ${transport}`, PEERS[transport], results);
  }
}

function showComparisons(
  title: string,
  peers: readonly PeerName[],
  results: readonly Comparison[],
): void {
  const rows = results.map(({ scenario, unit, outcomes, ratio: [low, mid, high], cpuRatio }) => [
    `${scenario} (${unit})`,
    ...outcomes.map(({ value }) => figure(value)),
    `${mid.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`,
    ...outcomes.map(({ cpuUs }) => figure(cpuUs)),
    cpuRatio.toFixed(2),
  ]);
  const cpuHeadings = peers.map((peer) => `CPU us ${peer}`);
  report(
    `${title}, ratio = ${peers[0]} / ${peers[1]}`,
    ["", ...peers, "ratio (range)", ...cpuHeadings, "CPU ratio"],
    rows,
    results,
  );
}

async function replies(): Promise<void> {
  const all: { peer: PeerName; times: ReplyTime[] }[] = [];
  for (const peer of PEERS.tls) all.push({ peer, times: await replySizes(peer, REPLY_ROUNDS) });
  showReplySizes("Reply sizes over TLS, ms from request to last byte", all);
}

function showReplySizes(
  title: string,
  all: readonly { peer: PeerName; times: ReplyTime[] }[],
): void {
  const rows = (all[0]?.times ?? []).map(({ bytes }, index) => [
    `${bytes} B`,
    ...all.flatMap(({ times }) => [times[index]?.median ?? NaN, times[index]?.p99 ?? NaN])
      .map((ms) => ms.toFixed(2)),
  ]);
  const headings = all.flatMap(({ peer }) => [`${peer} median`, "p99"]);
  report(title, ["", ...headings], rows, all);
}

async function web(): Promise<void> {
  const peers = ["http", "raw-http"] as const;
  const sizes: { peer: PeerName; times: ReplyTime[] }[] = [];
  for (const peer of peers) sizes.push({ peer, times: await httpReplySizes(peer, REPLY_ROUNDS) });
  showReplySizes("Reply sizes over HTTP/1.1 and TLS, ms from request to last byte", sizes);
  const results: Comparison[] = [];
  for (const connections of [1, 32]) {
    const name = `requests for 100 B, ${connections} at once`;
    const run: Scenario["run"] = (_client, peer, _transport, durationMs) =>
      httpRate(peer, connections, durationMs);
    results.push(await compare({ name, unit: "/s", run }, "tls", EFFORT, peers));
  }
  showComparisons("Requests over HTTP/1.1 and TLS", peers, results);
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
