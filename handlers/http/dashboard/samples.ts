/** What the node was at at one moment. */
export interface Sample {
  /** Connections open. */
  readonly open: number;
  /** Connections accepted since the node started. */
  readonly accepted: number;
}

const MAX_SAMPLES = 120;
const MIN_INTERVAL_MS = 2_000;

/** The last looks at the node, for graphs: taken when somebody looks, and kept for all. */
export class Samples {
  readonly #all: Sample[] = [];
  #takenAt = -Infinity;

  /** What was seen, oldest first. */
  get all(): readonly Sample[] {
    return this.#all;
  }

  /** Notes what `node/connections` and `node/info` answered, at most every two seconds. */
  note(connections: unknown, info: unknown, now: number): void {
    if (now - this.#takenAt < MIN_INTERVAL_MS || !Array.isArray(connections)) return;
    this.#takenAt = now;
    this.#all.push({ open: connections.length, accepted: acceptedIn(info) });
    if (this.#all.length > MAX_SAMPLES) this.#all.shift();
  }
}

function acceptedIn(info: unknown): number {
  const counters = member(info, "counters");
  const accepted = member(counters, "accepted");
  return typeof accepted === "number" ? accepted : 0;
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
