/** Whose the chunks of a {@linkcode ChunkQueue} are. */
export interface ChunkQueueOptions {
  /**
   * Whether nobody else has them: the memory of one that is a whole buffer is then given back as
   * soon as it was read, and not when the collector comes to it, hundreds of megabytes later.
   */
  readonly owned: boolean;
}

/** Bytes that came in chunks of somebody else's size, to be read in the reader's. */
export class ChunkQueue {
  readonly #chunks: Uint8Array[] = [];
  readonly #owned: boolean;
  /** Bytes of the oldest chunk that were read. */
  #taken = 0;
  #byteLength = 0;

  /** An empty one. */
  constructor({ owned }: ChunkQueueOptions) {
    this.#owned = owned;
  }

  /** Bytes that wait. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Appends a chunk, which must not change any more. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#byteLength += chunk.length;
  }

  /** Moves the oldest bytes into `buffer`, as many as there are and fit; returns how many. */
  take(buffer: Uint8Array): number {
    let filled = 0;
    for (let chunk = this.#chunks[0]; chunk && filled < buffer.length; chunk = this.#chunks[0]) {
      const part = chunk.subarray(this.#taken, this.#taken + buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      this.#taken += part.length;
      if (this.#taken === chunk.length) this.#drop(chunk);
    }
    this.#byteLength -= filled;
    return filled;
  }

  /** Throws away what waits; returns how many bytes that were. */
  clear(): number {
    const cleared = this.#byteLength;
    this.#chunks.length = 0;
    this.#taken = 0;
    this.#byteLength = 0;
    return cleared;
  }

  #drop({ buffer, byteLength }: Uint8Array): void {
    this.#chunks.shift();
    this.#taken = 0;
    const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
    if (this.#owned && isWhole) buffer.transfer(0);
  }
}
