/** Bounds of forwarding. */
export interface ForwardLimits {
  /** Forwarded connections of one identity at once, over all its sessions. Default: 256. */
  readonly maxForwards: number;
  /** Ports and sockets listened on for one connection. Default: 16. */
  readonly maxListeners: number;
  /** Time to resolve and reach a destination. Default: 10,000. */
  readonly connectTimeoutMs: number;
  /** Time without a datagram after which a channel for datagrams ends. Default: 60,000. */
  readonly udpIdleMs: number;
}

/** What forwarding uses where nothing else is said. */
export const DEFAULT_FORWARD_LIMITS: ForwardLimits = {
  maxForwards: 256,
  maxListeners: 16,
  connectTimeoutMs: 10_000,
  udpIdleMs: 60_000,
};

/** Counts what each identity has open. */
export class ForwardCounter {
  readonly #open = new Map<string, number>();
  readonly #max: number;

  /** Allows `max` of each identity. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Takes a place: what to call when it is free again, or undefined when there is none. */
  enter(id: string): (() => void) | undefined {
    const count = this.#open.get(id) ?? 0;
    if (count >= this.#max) return undefined;
    this.#open.set(id, count + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const now = (this.#open.get(id) ?? 1) - 1;
      if (now > 0) this.#open.set(id, now);
      else this.#open.delete(id);
    };
  }
}
