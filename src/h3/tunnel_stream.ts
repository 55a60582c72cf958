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
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;

  /** @param raw The stream below, to give up. */
  constructor(raw: Stream, id: number, ends: { reader: MessageReader; writer: MessageWriter }) {
    this.id = id;
    this.#raw = raw;
    this.#reader = ends.reader;
    this.#writer = ends.writer;
  }

  /** As in core. */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#reader.read(buffer);
  }

  /** As in core. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.content(bytes);
  }

  /** As in core. */
  closeWrite(): Promise<void> {
    return this.#writer.end();
  }

  /** As in core. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.#reader.stop());
  }

  /** As in core. */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  /** As in core. */
  reset(): void {
    this.#reader.stop();
    this.#raw.reset();
  }
}
