import { networkOf } from "@alknet/core";

/** Bounds on strangers. */
export interface ThrottleLimits {
  /** Connections not yet logged in, in all. Default: 256. */
  readonly maxUnauthenticated: number;
  /** The same from one IPv4 address or IPv6 /64 network. Default: 64. */
  readonly maxUnauthenticatedPerSource: number;
  /** How long a failed connection keeps its source away, added up. Default: 5,000; 0 for never. */
  readonly penaltyMs: number;
  /** Penalties below this sum have no effect yet. Default: 15,000. */
  readonly minPenaltyMs: number;
  /** Longest time a source is kept away. Default: 600,000. */
  readonly maxPenaltyMs: number;
}

/** What is used where nothing else is said. */
export const DEFAULT_THROTTLE_LIMITS: ThrottleLimits = {
  maxUnauthenticated: 256,
  maxUnauthenticatedPerSource: 64,
  penaltyMs: 5_000,
  minPenaltyMs: 15_000,
  maxPenaltyMs: 600_000,
};

/** Sources remembered; beyond that those whose penalty ends first are forgotten. */
const MAX_SOURCES = 4_096;

/** A connection that has not logged in yet. */
export interface Stranger {
  /** It has logged in: it no longer counts. */
  welcome(): void;
  /** It has ended without: it counts against its source. */
  fail(): void;
  /** It has ended, and that is nobody's fault. */
  leave(): void;
}

/**
 * Keeps sources away that fail again and again: each failed connection adds to a time in which
 * nothing more is taken from there, once that time is worth speaking of.
 */
export class SourceThrottle {
  readonly #limits: ThrottleLimits;
  readonly #now: () => number;
  readonly #strangers = new Map<string, number>();
  readonly #penaltyEnds = new Map<string, number>();
  #total = 0;

  /** `now` is a clock in milliseconds. */
  constructor(limits: ThrottleLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Takes a connection in, or undefined to turn it away before anything is computed. */
  enter(address: string): Stranger | undefined {
    const source = networkOf(address);
    const here = this.#strangers.get(source) ?? 0;
    const { maxUnauthenticated, maxUnauthenticatedPerSource } = this.#limits;
    if (this.#total >= maxUnauthenticated || here >= maxUnauthenticatedPerSource) return undefined;
    if (this.#isKeptAway(source)) return undefined;
    this.#strangers.set(source, here + 1);
    this.#total++;
    let gone = false;
    const leave = (): void => {
      if (gone) return;
      gone = true;
      this.#leave(source);
    };
    return {
      welcome: leave,
      leave,
      fail: () => {
        if (!gone) this.#punish(source);
        leave();
      },
    };
  }

  #isKeptAway(source: string): boolean {
    const left = (this.#penaltyEnds.get(source) ?? 0) - this.#now();
    if (left <= 0) this.#penaltyEnds.delete(source);
    return left >= this.#limits.minPenaltyMs;
  }

  #punish(source: string): void {
    const { penaltyMs, maxPenaltyMs } = this.#limits;
    if (penaltyMs === 0) return;
    const now = this.#now();
    const begins = Math.max(now, this.#penaltyEnds.get(source) ?? 0);
    this.#penaltyEnds.set(source, Math.min(begins + penaltyMs, now + maxPenaltyMs));
    if (this.#penaltyEnds.size > MAX_SOURCES) this.#forgetSoonest();
  }

  #forgetSoonest(): void {
    const [soonest] = [...this.#penaltyEnds].reduce((a, b) => a[1] <= b[1] ? a : b);
    this.#penaltyEnds.delete(soonest);
  }

  #leave(source: string): void {
    this.#total--;
    const here = (this.#strangers.get(source) ?? 1) - 1;
    if (here > 0) this.#strangers.set(source, here);
    else this.#strangers.delete(source);
  }
}
