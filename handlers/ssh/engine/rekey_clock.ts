import type { TransportLimits } from "./packet_transport.ts";

/**
 * Knows when keys have been used enough: the engine never changes them by itself, and its sequence
 * numbers would come round (RFC 4344 section 3).
 */
export class RekeyClock {
  readonly #limits: TransportLimits;
  #bytes = 0;
  #packets = 0;
  #since = Date.now();

  /** Begins now. */
  constructor(limits: TransportLimits) {
    this.#limits = limits;
  }

  /** A packet went out. */
  sent(bytes: number): void {
    this.#bytes += bytes;
    this.#packets++;
  }

  /** A packet came in. */
  received(bytes: number): void {
    this.sent(bytes);
  }

  /** The keys are new. */
  reset(): void {
    this.#bytes = 0;
    this.#packets = 0;
    this.#since = Date.now();
  }

  /** Whether the keys should be changed. */
  isDue(): boolean {
    return this.#used() >= 1 || Date.now() - this.#since >= this.#limits.rekeyMs;
  }

  /** Whether they should have been, by volume. */
  isOverdue(times: number): boolean {
    return this.#used() >= times;
  }

  #used(): number {
    const { rekeyBytes, rekeyPackets } = this.#limits;
    return Math.max(this.#bytes / rekeyBytes, this.#packets / rekeyPackets);
  }
}
