import { openStore } from "../../store.ts";
import { until } from "../../testing/harness.ts";
import { type Child, startChild } from "./processes.ts";

/** How three processes that write are to do it. */
export interface WakeOptions {
  /** Commits of all together. */
  readonly commits: number;
  /** Mean pause between two commits of one process, in milliseconds. */
  readonly gapMs: number;
}

/** What a reader saw of them. */
export interface WakeReport {
  /** Times the reader saw half a transaction. */
  readonly torn: number;
  /** Commits of which neither they nor a later one were seen. */
  readonly missed: number;
  /** From the return of a commit there to the new state here, in milliseconds. */
  readonly latencies: readonly number[];
}

const WRITERS = ["x", "y", "z"];

/** Lets three processes write while this one reads. */
export async function measureWakes(url: string, options: WakeOptions): Promise<WakeReport> {
  await using store = await openStore(url);
  const seen = new Map(WRITERS.map((name) => [name, [] as { n: number; at: number }[]]));
  let torn = 0;
  const look = (): void => {
    const at = performance.timeOrigin + performance.now();
    for (const name of WRITERS) {
      const n = Number(store.settings.get(`${name}.a`) ?? 0);
      if (n !== Number(store.settings.get(`${name}.b`) ?? 0)) torn++;
      const list = seen.get(name) ?? [];
      if (n > (list.at(-1)?.n ?? 0)) list.push({ n, at });
    }
  };
  store.settings.onChange(look);
  const each = Math.ceil(options.commits / WRITERS.length);
  const times = await runWriters(url, each, options.gapMs);
  await until(() => WRITERS.every((name) => seen.get(name)?.at(-1)?.n === each), 5_000)
    .catch(() => {}); // what is missing is counted below
  const all = WRITERS.map((name) => latenciesOf(times.get(name) ?? [], seen.get(name) ?? []));
  const latencies = all.flat().filter((ms) => Number.isFinite(ms));
  return { torn, missed: each * WRITERS.length - latencies.length, latencies };
}

/** Median, high percentiles and the worst, for people. */
export function summary(latencies: readonly number[]): string {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN).toFixed(2);
  return `p50 ${at(0.5)} p90 ${at(0.9)} p99 ${at(0.99)} max ${at(1)} ms`;
}

async function runWriters(
  url: string,
  each: number,
  gapMs: number,
): Promise<Map<string, number[]>> {
  const children = WRITERS.map((name) => startChild("count", url, name, each, gapMs));
  try {
    for (const { lines } of children) await lines.read(); // ready
    const lines = await Promise.all(children.map(lastLine));
    return new Map(WRITERS.map((name, index) => [name, JSON.parse(lines[index] ?? "[]")]));
  } finally {
    for (const child of children) await child[Symbol.asyncDispose]();
  }
}

async function lastLine({ lines }: Child): Promise<string> {
  return (await lines.read()).value ?? "[]";
}

function latenciesOf(
  times: readonly number[],
  seen: readonly { n: number; at: number }[],
): number[] {
  let index = 0;
  return times.map((time, done) => {
    while (index < seen.length && (seen[index]?.n ?? 0) < done + 1) index++;
    return (seen[index]?.at ?? Infinity) - time;
  });
}
