import { figure, table } from "../core/table.ts";
import { median } from "../core/compare.ts";
import type { PeerEnds } from "./end_process.ts";
import type { Outcome } from "./rpc.ts";

/** How long and how often. */
export interface Effort {
  readonly rounds: number;
  readonly durationMs: number;
}

/** One round of one peer. */
interface Sample extends Outcome {
  readonly perSecond: number;
  readonly serverCpuUs: number;
  readonly clientCpuUs: number;
}

/** What came of one peer at one concurrency: medians of the rounds. */
export interface UnaryResult {
  readonly peer: string;
  readonly concurrency: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of a call at the end that answers, and what is between. */
  readonly serverCpuUs: number;
  readonly clientCpuUs: number;
  /** Calls a second, this peer to each other, of the same round: lowest, median and highest. */
  readonly ratios: Readonly<Record<string, readonly [low: number, mid: number, high: number]>>;
}

/** Calls as fast as so many loops can, the peers turn and turn about. */
export async function unary(
  peers: readonly PeerEnds[],
  concurrency: number,
  { rounds, durationMs }: Effort,
): Promise<UnaryResult[]> {
  const samples: Sample[][] = peers.map(() => []);
  for (const peer of peers) await round(peer, concurrency, durationMs / 2); // warm up
  for (let turn = 0; turn < rounds; turn++) {
    for (let step = 0; step < peers.length; step++) {
      const index = (turn + step) % peers.length;
      const peer = peers[index];
      if (peer) samples[index]?.push(await round(peer, concurrency, durationMs));
    }
  }
  return peers.map(({ name }, index) => ({
    peer: name,
    concurrency,
    ...mediansOf(samples[index] ?? []),
    ratios: Object.fromEntries(
      peers.map((other, at) => [other.name, ratio(samples[index] ?? [], samples[at] ?? [])]),
    ),
  }));
}

/** Lays the results out, with ratios to the peers named. */
export function unaryTable(results: readonly UnaryResult[], against: readonly string[]): string {
  const rows = results.map((each) => [
    `${each.concurrency} at once, ${each.peer}`,
    figure(each.perSecond),
    each.p50Ms.toFixed(2),
    each.p99Ms.toFixed(2),
    figure(each.serverCpuUs),
    figure(each.clientCpuUs),
    ...against.map((name) => {
      const of = name === each.peer ? undefined : each.ratios[name];
      return of ? `${of[1].toFixed(2)} (${of[0].toFixed(2)}-${of[2].toFixed(2)})` : "";
    }),
  ]);
  const headings = ["", "calls/s", "p50 ms", "p99 ms", "CPU us server", "CPU us client"];
  return table([...headings, ...against.map((name) => `to ${name} (range)`)], rows);
}

async function round(peer: PeerEnds, concurrency: number, durationMs: number): Promise<Sample> {
  const before = peer.usage();
  const outcome = await peer.run({ kind: "calls", concurrency, durationMs });
  const after = peer.usage();
  return {
    ...outcome,
    perSecond: outcome.ops / outcome.seconds,
    serverCpuUs: (after.serverCpuMs - before.serverCpuMs) * 1000 / outcome.ops,
    clientCpuUs: (after.clientCpuMs - before.clientCpuMs) * 1000 / outcome.ops,
  };
}

function mediansOf(samples: readonly Sample[]): Omit<
  UnaryResult,
  "peer" | "concurrency" | "ratios"
> {
  const of = (pick: (sample: Sample) => number): number => median(samples.map(pick));
  return {
    perSecond: of((each) => each.perSecond),
    p50Ms: of((each) => each.p50),
    p99Ms: of((each) => each.p99),
    serverCpuUs: of((each) => each.serverCpuUs),
    clientCpuUs: of((each) => each.clientCpuUs),
  };
}

function ratio(
  own: readonly Sample[],
  other: readonly Sample[],
): readonly [number, number, number] {
  const ratios = own.map(({ perSecond }, turn) => perSecond / (other[turn]?.perSecond ?? NaN))
    .sort((a, b) => a - b);
  return [ratios[0] ?? NaN, median(ratios), ratios.at(-1) ?? NaN];
}
