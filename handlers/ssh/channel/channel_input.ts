import { StreamClosedError } from "@alknet/core";

import { SshProtocolError } from "../errors.ts";

/**
 * What a channel has received and nobody has read yet: never more than its window, since more room
 * is given only for what was read (RFC 4254 section 5.2).
 */
export class ChannelInput {
  readonly #windowBytes: number;
  readonly #grant: (bytes: number) => void;
  #chunks: Uint8Array[] = [];
  /** Bytes the other side may still send. */
  #window: number;
  /** Bytes read since room was last given. */
  #consumed = 0;
  #state: "open" | "ended" | "stopped" | "lost" = "open";
  #wake?: () => void;

  /** Holds at most `windowBytes`; `grant` tells the other side of more room. */
  constructor(windowBytes: number, grant: (bytes: number) => void) {
    this.#windowBytes = windowBytes;
    this.#window = windowBytes;
    this.#grant = grant;
  }

  /** Whether the other side has said that there will be no more. */
  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  /** Takes what came. */
  push(bytes: Uint8Array): void {
    this.#take(bytes.length);
    if (this.#state !== "open") return this.#consume(bytes.length);
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#wake?.();
  }

  /** Takes what came and throws it away. */
  skip(bytes: number): void {
    this.#take(bytes);
    this.#consume(bytes);
  }

  /** Reads what is there; null at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#state !== "open") return null;
      await this.#arrival();
    }
    let filled = 0;
    for (let chunk = this.#chunks[0]; chunk && filled < buffer.length; chunk = this.#chunks[0]) {
      const part = chunk.subarray(0, buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
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
    for (const chunk of this.#chunks.splice(0)) this.#consume(chunk.length);
    this.#wake?.();
  }

  /** The connection is gone; what is here can be read. */
  lose(): void {
    if (this.#state === "open") this.#state = "lost";
    this.#wake?.();
  }

  #take(bytes: number): void {
    if (bytes > this.#window) throw new SshProtocolError("More data than the window has room for");
    this.#window -= bytes;
  }

  /** Room is given in large steps: a message for each read would cost more than the data. */
  #consume(bytes: number): void {
    this.#consumed += bytes;
    if (this.#state === "ended" || this.#consumed < this.#windowBytes / 2) return;
    const bytesRead = this.#consumed;
    this.#consumed = 0;
    this.#window += bytesRead;
    this.#grant(bytesRead);
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
