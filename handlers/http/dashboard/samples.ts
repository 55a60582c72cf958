/** What the node was at at one moment. */
export interface Sample {
  /** When, in milliseconds. */
  readonly atMs: number;
  /** Connections open. */
  readonly open: number;
  /** Bytes received since the node started. */
  readonly received: number;
  /** Bytes sent since then. */
  readonly sent: number;
}

const MAX_SAMPLES = 120;
const MIN_INTERVAL_MS = 2_000;

/** The last looks at the node, for graphs: taken when somebody looks, and kept for all. */
export class Samples {
  readonly #all: Sample[] = [];

  /** What was seen, oldest first. */
  get all(): readonly Sample[] {
    return this.#all;
  }

  /** Notes what `node/connections` and `node/info` answered, at most every two seconds. */
  note(connections: unknown, info: unknown, atMs: number): void {
    const last = this.#all.at(-1)?.atMs ?? -Infinity;
    if (atMs - last < MIN_INTERVAL_MS || !Array.isArray(connections)) return;
    const [received, sent] = [countIn(info, "bytesReceived"), countIn(info, "bytesSent")];
    this.#all.push({ atMs, open: connections.length, received, sent });
    if (this.#all.length > MAX_SAMPLES) this.#all.shift();
  }
}

/** Bytes a second between one look and the next. */
export function ratesOf(samples: readonly Sample[], of: "received" | "sent"): number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? sample;
    const seconds = Math.max(1, sample.atMs - before.atMs) / 1_000;
    return Math.max(0, sample[of] - before[of]) / seconds;
  });
}

function countIn(value: unknown, key: string): number {
  const count: unknown = typeof value === "object" && value !== null
    ? Reflect.get(value, key)
    : undefined;
  return typeof count === "number" ? count : 0;
}
