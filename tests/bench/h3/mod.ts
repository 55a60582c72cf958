/**
 * What HTTP/3 and WebTransport cost on top of the streams of a QUIC connection, in the same run,
 * and what ngtcp2's client gets from the server. `deno run -A tests/bench/h3/mod.ts [--quick]`
 *
 * @module
 */
import { parseArgs } from "node:util";

import { missing } from "../../tools/programs.ts";
import { median } from "../core/compare.ts";
import { figure, table } from "../core/table.ts";
import { ROADS } from "./clients.ts";
import { foreignRate } from "./foreign.ts";
import { Peer } from "./peer_process.ts";

const { values: options } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const ROUNDS = options.quick ? 3 : 5;
const DURATION_MS = options.quick ? 500 : 1_500;
const FOREIGN_REQUESTS = options.quick ? 2_000 : 10_000;

/** A scenario: replies of a size, so many asked for at once. */
const SCENARIOS = [
  { bytes: 100, atOnce: 1, unit: "/s" },
  { bytes: 100, atOnce: 16, unit: "/s" },
  { bytes: 100, atOnce: 128, unit: "/s" },
  { bytes: 1_048_576, atOnce: 1, unit: "MB/s" },
  { bytes: 1_048_576, atOnce: 8, unit: "MB/s" },
  { bytes: 67_108_864, atOnce: 1, unit: "MB/s" },
] as const;

await using peer = await Peer.start();
print(`\n${table(headings(), await rows())}\n`);
print(`\nngtcp2's client: ${await foreign()}\n`);

function headings(): string[] {
  const names = Object.keys(ROADS);
  return ["reply, at once", ...names, "h3 / raw", "wt / raw", ...names.map((n) => `CPU us ${n}`)];
}

async function rows(): Promise<string[][]> {
  const result: string[][] = [];
  for (const scenario of SCENARIOS) {
    const samples = new Map<string, { rates: number[]; cpuUs: number[] }>();
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, connect] of Object.entries(ROADS)) {
        const sample = await measure(scenario, connect);
        const all = samples.get(name) ?? { rates: [], cpuUs: [] };
        samples.set(name, all);
        if (round === 0) continue; // warm up
        all.rates.push(sample.rate);
        all.cpuUs.push(sample.cpuUs);
      }
    }
    result.push(row(scenario, [...samples.values()]));
  }
  return result;
}

function row(
  { bytes, atOnce, unit }: typeof SCENARIOS[number],
  samples: readonly { rates: number[]; cpuUs: number[] }[],
): string[] {
  const scale = unit === "/s" ? 1 : bytes / 1e6;
  const rates = samples.map(({ rates }) => median(rates) * scale);
  const [h3 = NaN, session = NaN, raw = NaN] = rates;
  const cpu = samples.map(({ cpuUs }) => figure(median(cpuUs)));
  return [
    `${figure(bytes)} B, ${atOnce} (${unit})`,
    ...rates.map(figure),
    (h3 / raw).toFixed(2),
    (session / raw).toFixed(2),
    ...cpu,
  ];
}

async function measure(
  { bytes, atOnce }: typeof SCENARIOS[number],
  connect: (target: string) => Promise<import("./clients.ts").Road>,
): Promise<{ rate: number; cpuUs: number }> {
  await using road = await connect(peer.target);
  const [startedAt, cpuBefore] = [performance.now(), peer.cpuMs()];
  const counts = await Promise.all(Array.from({ length: atOnce }, async () => {
    let count = 0;
    for (; performance.now() - startedAt < DURATION_MS; count++) await road.get(bytes);
    return count;
  }));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { rate: total / seconds, cpuUs: (peer.cpuMs() - cpuBefore) * 1_000 / total };
}

/** What a client nobody here wrote gets. */
async function foreign(): Promise<string> {
  const absent = missing("gtlsclient");
  if (absent) return `left out, ${absent}`;
  const { pid, port } = peer;
  const { perSecond, cpuUs } = await foreignRate({ pid, port, path: "/100" }, FOREIGN_REQUESTS);
  return `${figure(perSecond)} requests/s for 100 B, ${figure(cpuUs)} us of the server's CPU each`;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
