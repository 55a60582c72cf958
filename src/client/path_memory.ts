/** What worked for one target. */
export interface RememberedPath {
  /** The transport that won. */
  readonly transport: "quic" | "tls";
  /** When it did, or when QUIC last failed, in milliseconds since 1970. */
  readonly at: number;
}

/** What carried the last connection to each target, so that a blocked QUIC is not waited for. */
export class PathMemory {
  readonly #entries = new Map<string, RememberedPath>();
  readonly #reprobeMs: number;
  readonly #maxEntries: number;
  readonly #now: () => number;

  /**
   * Remembers nothing yet.
   *
   * @param options.reprobeMs Time after which QUIC is preferred again. Default: 600,000.
   * @param options.maxEntries Targets remembered; the oldest goes first. Default: 1,000.
   * @param options.now Clock in milliseconds. Default: `Date.now`.
   */
  constructor(options: { reprobeMs?: number; maxEntries?: number; now?: () => number } = {}) {
    this.#reprobeMs = options.reprobeMs ?? 600_000;
    this.#maxEntries = options.maxEntries ?? 1_000;
    this.#now = options.now ?? Date.now;
  }

  /** The transport to give the head start: TLS only for a while after QUIC has failed. */
  preferred(target: string): "quic" | "tls" {
    const entry = this.#entries.get(target);
    if (!entry || this.#now() - entry.at >= this.#reprobeMs) return "quic";
    return entry.transport;
  }

  /** Notes what won a race. */
  remember(target: string, transport: "quic" | "tls"): void {
    const entry = this.#entries.get(target);
    if (entry?.transport === "tls" && transport === "tls" && this.preferred(target) === "tls") {
      return; // keeps the time of QUIC's failure, so that QUIC is probed again
    }
    this.#entries.delete(target);
    this.#entries.set(target, { transport, at: this.#now() });
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.#maxEntries && !oldest.done) this.#entries.delete(oldest.value);
  }

  /** What is remembered, for a file; {@linkcode PathMemory.restore} reads it back. */
  toJSON(): Record<string, RememberedPath> {
    return Object.fromEntries(this.#entries);
  }

  /** Takes up what a file held; what does not fit is left out. */
  restore(saved: unknown): void {
    if (typeof saved !== "object" || saved === null) return;
    for (const [target, entry] of Object.entries(saved).slice(0, this.#maxEntries)) {
      if (isEntry(entry) && entry.at <= this.#now()) this.#entries.set(target, entry);
    }
  }
}

function isEntry(value: unknown): value is RememberedPath {
  return typeof value === "object" && value !== null &&
    "transport" in value && (value.transport === "quic" || value.transport === "tls") &&
    "at" in value && typeof value.at === "number";
}
