import type { ReceiveStream } from "@alknet/core";

import { InputBuffer } from "./input_buffer.ts";

const PREFIX_BUFFER_BYTES = 1_024;

/** A stream whose first bytes say what it is; what came with them is read first afterwards. */
export class PrefixedStream {
  readonly #source: ReceiveStream;
  readonly #input = new InputBuffer();

  /** @param early What was read from the stream already. */
  constructor(source: ReceiveStream, early?: Uint8Array) {
    this.#source = source;
    if (early && early.length > 0) this.#input.push(early);
  }

  /** Takes a varint, or nothing when the stream ends before it does. */
  async varint(): Promise<number | undefined> {
    for (;;) {
      const value = this.#input.takeVarint();
      if (value !== undefined) return value;
      const buffer = new Uint8Array(PREFIX_BUFFER_BYTES);
      const count = await this.#source.read(buffer);
      if (count === null) return undefined;
      this.#input.push(buffer.subarray(0, count));
    }
  }

  /** As {@linkcode ReceiveStream.read}. */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#input.length > 0) return this.#input.takeInto(buffer);
    return await this.#source.read(buffer);
  }

  /** Tells the peer to send no more. */
  async cancel(): Promise<void> {
    this.#input.drop(this.#input.length);
    await this.#source.readable.cancel();
  }
}
