import { type Stream, StreamClosedError } from "@alknet/core";
import { readableFrom, writableFrom } from "@alknet/core/transport";

/** Standard input and output of this process as one stream, for services started by a program. */
export class StdioStream implements Stream {
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;
  #closed = false;

  async read(buffer: Uint8Array): Promise<number | null> {
    return this.#closed ? null : await Deno.stdin.read(buffer);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw new StreamClosedError("Standard output is closed");
    try {
      for (let sent = 0; sent < bytes.length;) {
        sent += await Deno.stdout.write(bytes.subarray(sent));
      }
    } catch (error) {
      throw new StreamClosedError("Standard output is over", { cause: error });
    }
  }

  closeWrite(): Promise<void> {
    if (!this.#closed) Deno.stdout.close();
    this.#closed = true;
    return Promise.resolve();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.reset());
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  reset(): void {
    this.closeWrite();
  }
}
