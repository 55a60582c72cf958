import { StreamClosedError } from "@alknet/core";
import { ChunkQueue } from "@alknet/core/transport";

import type { ReceiveWindow } from "./receive_window.ts";

/** What a channel has received and nobody has read yet: never more than its window. */
export class ChannelInput {
  readonly #window: ReceiveWindow;
  readonly #chunks = new ChunkQueue();
  #state: "open" | "ended" | "stopped" | "lost" = "open";
  #wake?: () => void;

  /** Counts what it holds against `window`. */
  constructor(window: ReceiveWindow) {
    this.#window = window;
  }

  /** Whether the other side has said that there will be no more. */
  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  /** Takes what came. */
  push(bytes: Uint8Array): void {
    this.#window.take(bytes.length);
    if (this.#state !== "open") return this.#consume(bytes.length);
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#wake?.();
  }

  /** Takes what came and throws it away. */
  skip(bytes: number): void {
    this.#window.take(bytes);
    this.#window.consume(bytes);
  }

  /** Reads what is there; null at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#chunks.byteLength === 0) {
      if (this.#state !== "open") return null;
      await this.#arrival();
    }
    const filled = this.#chunks.take(buffer);
    this.#consume(filled);
    return filled;
  }

  /** No more will come; what is here can be read. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
    this.#wake?.();
  }

  /** Nobody reads any more; what comes is thrown away. */
  stop(): void {
    if (this.#state === "open") this.#state = "stopped";
    this.#consume(this.#chunks.clear());
    this.#wake?.();
  }

  /** The connection is gone; what is here can be read. */
  lose(): void {
    if (this.#state === "open") this.#state = "lost";
    this.#wake?.();
  }

  /** Where no more comes, no more room is given. */
  #consume(bytes: number): void {
    if (this.#state !== "ended") this.#window.consume(bytes);
  }

  #arrival(): Promise<void> {
    if (this.#wake) {
      throw new StreamClosedError("Cannot read: another read of this channel is under way");
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = () => {
      this.#wake = undefined;
      resolve();
    };
    return promise;
  }
}
