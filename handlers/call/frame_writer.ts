import { concat } from "./frames.ts";

/** Most bytes handed to the transport at once: one TLS record. */
const WRITE_BYTES = 16_384;

/** Frames that leave together. */
interface Batch {
  readonly frames: Uint8Array[];
  readonly written: PromiseWithResolvers<void>;
}

/** Sends frames in order; those that wait while one is written leave together. */
export class FrameWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #next?: Batch;
  #working?: Promise<void>;
  #failure?: { readonly error: unknown };

  /** @param write Hands bytes to the transport; the bytes are not touched again. */
  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  /** Sends a frame; resolves when the transport has taken it, rejects when it never will. */
  send(frame: Uint8Array): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    const batch = this.#next ??= { frames: [], written: Promise.withResolvers() };
    batch.frames.push(frame);
    this.#working ??= this.#work();
    return batch.written.promise;
  }

  /** Resolves when everything has left, or failed to. */
  async flushed(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // frames sent in this turn leave together
    for (let batch = this.#next; batch; batch = this.#next) {
      this.#next = undefined;
      try {
        await this.#writeAll(batch.frames);
        batch.written.resolve();
      } catch (error) {
        this.#fail(batch, error);
      }
    }
    this.#working = undefined;
  }

  async #writeAll(frames: readonly Uint8Array[]): Promise<void> {
    const [only] = frames;
    const bytes = frames.length === 1 && only ? only : concat(frames);
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
      await this.#write(bytes.subarray(at, at + WRITE_BYTES));
    }
  }

  #fail(batch: Batch, error: unknown): void {
    this.#failure = { error };
    batch.written.reject(error);
    this.#next?.written.reject(error);
    this.#next = undefined;
  }
}
