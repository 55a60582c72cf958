/** Bytes that came in chunks of somebody else's size, to be read in the reader's. */
export class ChunkQueue {
  readonly #chunks: Uint8Array[] = [];
  #byteLength = 0;

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
      const part = chunk.subarray(0, buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#byteLength -= filled;
    return filled;
  }

  /** Throws away what waits; returns how many bytes that were. */
  clear(): number {
    const cleared = this.#byteLength;
    this.#chunks.length = 0;
    this.#byteLength = 0;
    return cleared;
  }
}
