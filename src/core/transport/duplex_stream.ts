import type { Stream } from "../connection.ts";
import { ConnectionClosedError, StreamClosedError } from "../errors.ts";
import { ChunkQueue } from "./chunk_queue.ts";
import { readableFrom, writableFrom } from "./web_streams.ts";

/** Both halves of a stream as the platform has them, such as a `WebTransportBidirectionalStream`. */
export interface DuplexHalves {
  /** What arrives. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What is sent. */
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * Both halves of a stream of the platform's own as one stream of ours; nobody else may use them.
 *
 * @param halves What arrives, and what is sent.
 * @returns The stream.
 *
 * @example
 * ```ts
 * import { duplexStream } from "@alknet/core/web";
 * import { strictEqual } from "node:assert/strict";
 *
 * const stream = duplexStream(new TransformStream<Uint8Array, Uint8Array>());
 * const written = stream.write(new Uint8Array([1, 2, 3])).then(() => stream.closeWrite());
 * const buffer = new Uint8Array(2);
 * strictEqual(await stream.read(buffer), 2);
 * strictEqual(await stream.read(buffer), 1);
 * strictEqual(await stream.read(buffer), null);
 * await written;
 * ```
 */
export function duplexStream(halves: DuplexHalves): Stream {
  return new DuplexStream(halves);
}

class DuplexStream implements Stream {
  readonly #halves: DuplexHalves;
  readonly #chunks = new ChunkQueue({ owned: false });
  #reader?: ReadableStreamDefaultReader<Uint8Array>;
  #writer?: WritableStreamDefaultWriter<Uint8Array>;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;
  #writeEnded = false;

  constructor(halves: DuplexHalves) {
    this.#halves = halves;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const reader = this.#reader ??= this.#halves.readable.getReader();
    while (this.#chunks.byteLength === 0) {
      const { value, done } = await reader.read().catch((error) => Promise.reject(lost(error)));
      if (done) return null;
      this.#chunks.push(value);
    }
    return this.#chunks.take(buffer);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#writeEnded) throw new StreamClosedError("Stream is over: this side has ended it");
    const writer = this.#writer ??= this.#halves.writable.getWriter();
    await writer.write(bytes).catch((error) => Promise.reject(lost(error)));
  }

  async closeWrite(): Promise<void> {
    if (this.#writeEnded) return;
    this.#writeEnded = true;
    const writer = this.#writer ??= this.#halves.writable.getWriter();
    await writer.close().catch((error) => Promise.reject(lost(error)));
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.reset());
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  /** Whoever resets a stream does not ask how that went. */
  reset(): void {
    this.#writeEnded = true;
    const reader = this.#reader ??= this.#halves.readable.getReader();
    const writer = this.#writer ??= this.#halves.writable.getWriter();
    reader.cancel().catch(() => {});
    writer.abort().catch(() => {});
  }
}

function lost(cause: unknown): ConnectionClosedError {
  return new ConnectionClosedError({ code: 0, reason: "" }, { cause });
}
