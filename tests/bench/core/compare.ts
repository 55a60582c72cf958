import { type Client, clientFor, type TransportName } from "./clients.ts";
import type { Sample } from "./measures/rate.ts";
import { type PeerName, PeerProcess } from "./peer_process.ts";
import type { Scenario } from "./scenarios.ts";

/** Peers of each transport: ours, what it is measured against, and further references. */
export const PEERS: Readonly<Record<TransportName, readonly PeerName[]>> = {
  quic: ["ours", "raw-quic"],
  tls: ["ours", "raw-node-tls", "raw-deno-tls"],
};

const FEW_FILES = 200;
const SETTLE_TRIES = 100;
const SETTLE_MS = 50;

/** How long and how often. */
export interface Effort {
  readonly rounds: number;
  readonly durationMs: number;
}

/** What came of one peer in one scenario. */
export interface Outcome {
  readonly peer: PeerName;
  /** Median of the rounds. */
  readonly value: number;
  /** Server's CPU time an operation (a megabyte, for bulk), over all rounds, in microseconds. */
  readonly cpuUs: number;
}

/** One scenario over one transport. */
export interface Comparison {
  readonly scenario: string;
  readonly transport: TransportName;
  readonly unit: string;
  readonly outcomes: readonly Outcome[];
  /** Ours to the first reference: values of the same round, lowest, median and highest. */
  readonly ratio: readonly [low: number, median: number, high: number];
  /** Ours to the first reference: server's CPU time an operation. */
  readonly cpuRatio: number;
}

/** Runs a scenario with all peers of a transport, turn and turn about, in processes of their own. */
export async function compare(
  scenario: Scenario,
  transport: TransportName,
  { rounds, durationMs }: Effort,
  names: readonly PeerName[] = PEERS[transport],
): Promise<Comparison> {
  await using stack = new AsyncDisposableStack();
  const peers = await Promise.all(names.map((name) => PeerProcess.start(name)));
  for (const peer of peers) stack.use(peer);
  const clients = peers.map(({ reach }) => clientFor(transport, reach));
  const samples: Sample[][] = names.map(() => []);
  const one = async (index: number, ms: number): Promise<Sample> => {
    await fewFilesOpen();
    return await scenario.run(at<Client>(clients, index), at(peers, index), transport, ms);
  };
  for (const index of names.keys()) await one(index, durationMs / 2); // warm up
  for (let round = 0; round < rounds; round++) {
    for (const step of names.keys()) {
      const index = (round + step) % names.length;
      at(samples, index).push(await one(index, durationMs));
    }
  }
  for (const client of clients) client.close();
  return summarize(scenario, transport, names.map((peer, index) => [peer, at(samples, index)]));
}

function summarize(
  { name, unit }: Scenario,
  transport: TransportName,
  runs: readonly (readonly [PeerName, readonly Sample[]])[],
): Comparison {
  const outcomes = runs.map(([peer, samples]) => outcomeOf(peer, samples));
  const [ours, raw] = [at(runs, 0)[1], at(runs, 1)[1]];
  const ratios = ours.map(({ value }, round) => value / at(raw, round).value).sort((a, b) => a - b);
  const cpuRatio = at(outcomes, 0).cpuUs / at(outcomes, 1).cpuUs;
  const ratio = [at(ratios, 0), median(ratios), at(ratios, ratios.length - 1)] as const;
  return { scenario: name, transport, unit, outcomes, ratio, cpuRatio };
}

function outcomeOf(peer: PeerName, samples: readonly Sample[]): Outcome {
  const ops = samples.reduce((sum, sample) => sum + sample.ops, 0);
  const cpuMs = samples.reduce((sum, sample) => sum + sample.cpuMs, 0);
  return { peer, value: median(samples.map(({ value }) => value)), cpuUs: cpuMs * 1000 / ops };
}

/** Deno closes the sockets of a busy client late; rounds that follow would run out of files. */
async function fewFilesOpen(): Promise<void> {
  for (let tries = 0; tries < SETTLE_TRIES; tries++) {
    if ((await Array.fromAsync(Deno.readDir("/proc/self/fd"))).length < FEW_FILES) return;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`Nothing at ${index}`);
  return value;
}
