import type { Stream } from "@alknet/core";
import { readableFrom, writableFrom } from "@alknet/core/transport";

import type { MessageReader } from "./message_reader.ts";
import type { MessageWriter } from "./message_writer.ts";

/** The bytes that DATA frames carry both ways once a CONNECT was accepted (RFC 9114 section 4.4). */
export class TunnelStream implements Stream {
  readonly id: number;
  readonly #raw: Stream;
  readonly #reader: MessageReader;
  readonly #writer: MessageWriter;
  readonly #over = Promise.withResolvers<void>();
  #directions = 2;
  #readEnded = false;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;

  /** @param raw The stream below, to give up. */
  constructor(raw: Stream, id: number, ends: { reader: MessageReader; writer: MessageWriter }) {
    this.id = id;
    this.#raw = raw;
    this.#reader = ends.reader;
    this.#writer = ends.writer;
  }

  /** Resolves when both directions have ended, or the stream was given up or broke. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#unlessBroken(() => this.#reader.read(buffer));
    if (count === null && !this.#readEnded) {
      this.#readEnded = true;
      this.#ended();
    }
    return count;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#unlessBroken(() => this.#writer.content(bytes));
  }

  async closeWrite(): Promise<void> {
    if (this.#writer.ended) return;
    await this.#unlessBroken(() => this.#writer.end());
    this.#ended();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.#reader.stop());
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  reset(): void {
    this.#reader.stop();
    this.#raw.reset();
    this.#over.resolve();
  }

  #ended(): void {
    this.#directions--;
    if (this.#directions === 0) this.#over.resolve();
  }

  async #unlessBroken<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      this.#over.resolve();
      throw error;
    }
  }
}
