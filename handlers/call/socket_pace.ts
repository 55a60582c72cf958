import { TURNS } from "./turns.ts";

/** Bytes that may wait in the socket before the next message waits here. */
const HIGH_WATER_BYTES = 262_144;

/** Least and longest time between two looks at how many bytes wait: no event tells. */
const LOOK_MS = 2;
const LOOK_RARELY_MS = 50;

/** When the next message of a WebSocket may be sent. */
export class SocketPace {
  readonly #unsentBytes: () => number;
  #stopped = false;
  #giveUp?: () => void;

  /** @param unsentBytes How many bytes wait in the socket now. */
  constructor(unsentBytes: () => number) {
    this.#unsentBytes = unsentBytes;
  }

  /** Waits until the peer has taken most of what was sent; one message at a time may wait. */
  async room(): Promise<void> {
    await TURNS.take();
    let waitMs = LOOK_MS;
    while (!this.#stopped && this.#unsentBytes() >= HIGH_WATER_BYTES) {
      await this.#wait(waitMs);
      waitMs = Math.min(waitMs * 2, LOOK_RARELY_MS);
    }
  }

  /** Ends what waits, and all waiting. */
  stop(): void {
    this.#stopped = true;
    this.#giveUp?.();
  }

  async #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#giveUp = resolve;
    await promise;
    clearTimeout(timer);
  }
}
