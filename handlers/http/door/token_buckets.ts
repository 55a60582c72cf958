/** How fast somebody may ask. */
export interface Rate {
  /** Requests a second in the long run. */
  readonly perSecond: number;
  /** Requests at once, after a pause. */
  readonly burst: number;
}

/** Settings of {@linkcode TokenBuckets}. */
export interface TokenBucketsOptions extends Rate {
  /** Most buckets kept; the one that was not used for longest goes. */
  readonly maxKeys: number;
  /** The clock, in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * A token bucket for each of many callers. One that was thrown away begins full again, so an
 * attacker with more addresses than `maxKeys` gains what that many addresses give anyway.
 */
export class TokenBuckets {
  readonly #options: TokenBucketsOptions;
  readonly #now: () => number;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  /** Begins with full buckets. */
  constructor(options: TokenBucketsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Takes a token.
   *
   * @returns 0 where there was one, else the milliseconds until there will be.
   */
  take(key: string): number {
    const { perSecond, burst, maxKeys } = this.#options;
    const at = this.#now();
    const before = this.#buckets.get(key) ?? { tokens: burst, at };
    const tokens = Math.min(burst, before.tokens + (at - before.at) * perSecond / 1_000);
    const granted = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: granted ? tokens - 1 : tokens, at });
    if (this.#buckets.size > maxKeys) this.#dropOldest();
    return granted ? 0 : Math.ceil((1 - tokens) * 1_000 / perSecond);
  }

  #dropOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
