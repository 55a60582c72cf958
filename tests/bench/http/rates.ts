import { median } from "../core/compare.ts";
import { figure, table } from "../core/table.ts";
import { treeCpuMs } from "../ssh/process_tree.ts";
import { inTurns, type Range, rangeText, ratios } from "../turns.ts";
import { h2load } from "./h2load.ts";
import { h3Load } from "./h3_load.ts";
import type { Load, Served, Subject, SubjectName } from "./load.ts";

/** How often, and how long one round is to take about. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
}

/** Requests before the first round: code gets warm, and what the server can do is known. */
const WARM_UP = { small: 10_000, large: 100 };

/** One round of one server. */
interface Sample extends Served {
  /** The server's own time for a request. */
  readonly cpuUs: number;
}

/** What came of one server under one load: medians of the rounds. */
export interface RateResult extends Sample {
  readonly subject: SubjectName;
  readonly load: Load;
  /** Requests a second to those of each other server in the same round. */
  readonly ratios: Readonly<Partial<Record<SubjectName, Range>>>;
}

/** The loads, and who can bear them. */
export const LOADS: readonly Load[] = [
  { protocol: "h1", body: "small", connections: 1, streams: 1 },
  { protocol: "h1", body: "small", connections: 32, streams: 1 },
  { protocol: "h1", body: "large", connections: 4, streams: 1 },
  { protocol: "h2", body: "small", connections: 1, streams: 1 },
  { protocol: "h2", body: "small", connections: 4, streams: 16 },
  { protocol: "h2", body: "large", connections: 1, streams: 4 },
  { protocol: "h3", body: "small", connections: 1, streams: 1 },
  { protocol: "h3", body: "small", connections: 4, streams: 16 },
  { protocol: "h3", body: "large", connections: 1, streams: 4 },
];

/** Asks every server that speaks the protocol, turn and turn about. */
export async function rates(
  subjects: readonly Subject[],
  load: Load,
  { rounds, seconds }: Effort,
): Promise<RateResult[]> {
  const able = subjects.filter(({ target }) => load.protocol !== "h3" || target !== undefined);
  const speeds = new Map<Subject, number>();
  const measured = async (subject: Subject, requests: number): Promise<Sample> => {
    const result = await sample(subject, load, Math.max(requests, load.connections * load.streams));
    speeds.set(subject, result.perSecond);
    return result;
  };
  for (const subject of able) await measured(subject, WARM_UP[load.body]);
  const all = await inTurns(able, rounds, (subject) => {
    return measured(subject, Math.ceil((speeds.get(subject) ?? 0) * seconds));
  });
  const perSecond = all.map((samples) => samples.map((each) => each.perSecond));
  return able.map(({ name }, index) => {
    const of = (pick: (each: Sample) => number): number => median((all[index] ?? []).map(pick));
    return {
      subject: name,
      load,
      perSecond: of((each) => each.perSecond),
      p50Ms: of((each) => each.p50Ms),
      p99Ms: of((each) => each.p99Ms),
      cpuUs: of((each) => each.cpuUs),
      ratios: Object.fromEntries(
        able.map((other, at) => [other.name, ratios(perSecond[index] ?? [], perSecond[at] ?? [])]),
      ),
    };
  });
}

/** Lays the results out. */
export function ratesTable(results: readonly RateResult[]): string {
  const against: readonly SubjectName[] = ["deno", "nginx"];
  const rows = results.map((each) => [
    `${loadText(each.load)}, ${each.subject}`,
    figure(each.perSecond),
    each.p50Ms.toFixed(2),
    each.p99Ms.toFixed(2),
    figure(each.cpuUs),
    ...against.map((name) => {
      const range = name === each.subject ? undefined : each.ratios[name];
      return range ? rangeText(range) : "";
    }),
  ]);
  const headings = ["", "requests/s", "p50 ms", "p99 ms", "CPU us server"];
  return table([...headings, ...against.map((name) => `to ${name} (range)`)], rows);
}

/** A load in a few words. */
export function loadText({ protocol, body, connections, streams }: Load): string {
  const size = body === "small" ? "100 B" : "1 MiB";
  return `${protocol} ${size}, ${connections * streams} at once`;
}

async function sample(subject: Subject, load: Load, requests: number): Promise<Sample> {
  const before = treeCpuMs(subject.pid);
  const served = await (load.protocol === "h3" ? h3Load : h2load)(subject, load, requests);
  const cpuUs = (treeCpuMs(subject.pid) - before) * 1_000 / requests;
  return { ...served, cpuUs };
}
