import { StreamClosedError } from "@alknet/core";

import { ByteFifo } from "../bytes/byte_fifo.ts";
import type { ReceiveWindow } from "./receive_window.ts";

/** Somebody who waits for bytes, and where they go. */
interface Reader {
  readonly buffer: Uint8Array;
  filled: number;
  resolve(): void;
}

/**
 * What a channel has received and nobody has read yet: never more than its window. Bytes go right to
 * a reader who waits, as many as come in before it goes on; the others are kept.
 */
export class ChannelInput {
  readonly #window: ReceiveWindow;
  readonly #bytes = new ByteFifo();
  #state: "open" | "ended" | "stopped" | "lost" = "open";
  #reader?: Reader;

  /** Counts what it holds against `window`. */
  constructor(window: ReceiveWindow) {
    this.#window = window;
  }

  /** Whether the other side has said that there will be no more. */
  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  /** Takes what came, and copies it. */
  push(bytes: Uint8Array): void {
    this.#window.take(bytes.length);
    if (this.#state !== "open") return this.#consume(bytes.length);
    if (bytes.length === 0) return;
    this.#bytes.push(bytes.subarray(this.#handOver(bytes)));
  }

  /** Takes what came and throws it away. */
  skip(bytes: number): void {
    this.#window.take(bytes);
    this.#window.consume(bytes);
  }

  /** Reads what is there; null at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    let filled = this.#bytes.take(buffer);
    while (filled === 0) {
      if (this.#state !== "open") return null;
      filled = await this.#arrival(buffer);
    }
    this.#consume(filled);
    return filled;
  }

  /** No more will come; what is here can be read. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
    this.#reader?.resolve();
  }

  /** Nobody reads any more; what comes is thrown away. */
  stop(): void {
    if (this.#state === "open") this.#state = "stopped";
    this.#consume(this.#bytes.clear());
    this.#reader?.resolve();
  }

  /** The connection is gone; what is here can be read. */
  lose(): void {
    if (this.#state === "open") this.#state = "lost";
    this.#reader?.resolve();
  }

  /** Where no more comes, no more room is given. */
  #consume(bytes: number): void {
    if (this.#state !== "ended") this.#window.consume(bytes);
  }

  /** To the reader who waits, if there is one; returns how many bytes that were. */
  #handOver(bytes: Uint8Array): number {
    const reader = this.#reader;
    if (!reader) return 0;
    const part = bytes.subarray(0, reader.buffer.length - reader.filled);
    reader.buffer.set(part, reader.filled);
    reader.filled += part.length;
    reader.resolve();
    return part.length;
  }

  /** Waits until something has happened; returns how many bytes are in the buffer. */
  async #arrival(buffer: Uint8Array): Promise<number> {
    if (this.#reader) {
      throw new StreamClosedError("Cannot read: another read of this channel is under way");
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const reader = this.#reader = { buffer, filled: 0, resolve };
    await promise;
    this.#reader = undefined;
    return reader.filled;
  }
}
