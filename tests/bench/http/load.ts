/** What a server is asked for. */
export interface Load {
  readonly protocol: "h1" | "h2" | "h3";
  readonly body: "small" | "large";
  readonly connections: number;
  /** Requests under way on each. */
  readonly streams: number;
}

/** What a load client found out. */
export interface Served {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A server to be asked. */
export interface Subject {
  readonly name: SubjectName;
  /** Its process. */
  readonly pid: number;
  readonly port: number;
  /** What our own client dials; undefined where there is no HTTP/3. */
  readonly target?: string;
  /** Path of the smaller and the larger body. */
  readonly paths: Readonly<Record<Load["body"], string>>;
  /** What a request carries. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Names of what is measured. */
export type SubjectName = "ours" | "gateway" | "deno" | "nginx";

/** Median and 99th percentile of latencies. */
export function percentiles(times: number[]): Pick<Served, "p50Ms" | "p99Ms"> {
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
