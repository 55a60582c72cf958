import { type CallError, exhausted } from "./call_error.ts";
import type { CallLimits } from "./limits.ts";

/** What one request weighs. */
export interface Weight {
  /** Bytes of its frame. */
  readonly bytes: number;
  /** Whether it is a subscription. */
  readonly subscription: boolean;
  /** As how many requests it counts: a batch as its calls. Default: 1. */
  readonly requests?: number;
}

/** A request that counts. */
export interface Stay {
  /**
   * Counts bytes that wait to be sent for it, or a negative number of them.
   *
   * @throws {CallError} When that would exceed a limit; nothing is counted then.
   */
  hold(bytes: number): void;
  /** Stops counting it. */
  leave(): void;
}

/** What is under way for somebody. */
interface Tally {
  requests: number;
  bytes: number;
}

/** What is under way for each identity, over all its connections to one handler. */
export class IdentityLoads {
  readonly #tallies = new Map<string, Tally>();

  /** The tally of a key; {@linkcode drop} forgets it when it is empty. */
  of(key: string): Tally {
    const known = this.#tallies.get(key);
    if (known) return known;
    const tally = { requests: 0, bytes: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }

  /** Forgets a tally that counts nothing. */
  drop(key: string): void {
    if (this.#tallies.get(key)?.requests === 0) this.#tallies.delete(key);
  }

  /** How many identities have something under way. */
  get size(): number {
    return this.#tallies.size;
  }
}

/**
 * Counts what one connection has under way. A request counts until its handler is done, also when
 * nobody waits for it any more: a handler that ignores its signal still holds memory.
 */
export class Load {
  readonly #limits: CallLimits;
  readonly #identities: IdentityLoads;
  #requests = 0;
  #subscriptions = 0;
  #bytes = 0;
  #outputs = 0;

  /** @param identities Shared by all connections of a handler. */
  constructor(limits: CallLimits, identities: IdentityLoads) {
    this.#limits = limits;
    this.#identities = identities;
  }

  /** Requests that count now. */
  get requests(): number {
    return this.#requests;
  }

  /**
   * Counts a request.
   *
   * @param key Whose it is.
   * @throws {CallError} When that would exceed a limit; nothing is counted then.
   */
  enter(key: string, weight: Weight): Stay {
    const tally = this.#identities.of(key);
    const refusal = this.#refusal(tally, weight);
    if (refusal) {
      this.#identities.drop(key);
      throw refusal;
    }
    this.#add(tally, weight, 1);
    return {
      hold: (bytes) => this.#hold(tally, bytes),
      leave: () => {
        this.#add(tally, weight, -1);
        this.#identities.drop(key);
      },
    };
  }

  /**
   * Counts bytes of frames that are not whole yet, or wait: what it returns is told how many of them
   * one stream holds now, and throws RESOURCE_EXHAUSTED where that is too many.
   */
  reservation(): (bytes: number) => void {
    let reserved = 0;
    return (bytes) => {
      if (bytes > reserved && this.#bytes + bytes - reserved > this.#limits.maxBytes) {
        throw exhausted("Too many bytes under way on this connection");
      }
      this.#bytes += bytes - reserved;
      reserved = bytes;
    };
  }

  /** One that is alone may be as large as an envelope: what else could be done with it? */
  #hold(tally: Tally, bytes: number): void {
    const { maxBytes, maxBytesPerIdentity } = this.#limits;
    if (bytes > 0 && this.#outputs > 0) {
      if (this.#bytes + bytes > maxBytes) {
        throw exhausted("Too many bytes wait to be sent on this connection");
      }
      if (tally.bytes + bytes > maxBytesPerIdentity) {
        throw exhausted("Too many bytes wait to be sent to this identity");
      }
    }
    this.#outputs += Math.sign(bytes);
    this.#bytes += bytes;
    tally.bytes += bytes;
  }

  #add(tally: Tally, { bytes, subscription, requests = 1 }: Weight, sign: 1 | -1): void {
    this.#requests += sign * requests;
    this.#subscriptions += subscription ? sign : 0;
    this.#bytes += sign * bytes;
    tally.requests += sign * requests;
    tally.bytes += sign * bytes;
  }

  #refusal(tally: Tally, weight: Weight): CallError | undefined {
    const { bytes, subscription, requests = 1 } = weight;
    const limits = this.#limits;
    if (this.#requests + requests > limits.maxRequests) {
      return exhausted("Too many requests under way on this connection");
    }
    if (subscription && this.#subscriptions >= limits.maxSubscriptions) {
      return exhausted("Too many subscriptions under way on this connection");
    }
    if (this.#bytes + bytes > limits.maxBytes) {
      return exhausted("Too many bytes under way on this connection");
    }
    if (tally.requests + requests > limits.maxRequestsPerIdentity) {
      return exhausted("Too many requests of this identity under way");
    }
    const full = tally.bytes + bytes > limits.maxBytesPerIdentity;
    return full ? exhausted("Too many bytes of this identity under way") : undefined;
  }
}
