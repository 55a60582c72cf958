import { BLOCK_BYTES, giveBlock, takeBlock } from "./block_pool.ts";

/** Bytes that wait for their reader, copied into blocks that many readers share in turn. */
export class ByteFifo {
  #blocks: Uint8Array<ArrayBuffer>[] = [];
  /** Where the oldest byte is in the first block. */
  #begin = 0;
  /** Where the newest byte ends in the last block. */
  #end = BLOCK_BYTES;
  #byteLength = 0;

  /** Bytes that wait. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Copies bytes to the end. */
  push(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0;) {
      const tail = this.#tail();
      const part = rest.subarray(0, BLOCK_BYTES - this.#end);
      tail.set(part, this.#end);
      this.#end += part.length;
      rest = rest.subarray(part.length);
    }
    this.#byteLength += bytes.length;
  }

  /** Moves the oldest bytes into `buffer`, as many as there are and fit; returns how many. */
  take(buffer: Uint8Array): number {
    let filled = 0;
    for (let head = this.#blocks[0]; head && filled < buffer.length; head = this.#blocks[0]) {
      const end = this.#blocks.length === 1 ? this.#end : BLOCK_BYTES;
      const part = head.subarray(this.#begin, Math.min(end, this.#begin + buffer.length - filled));
      buffer.set(part, filled);
      filled += part.length;
      this.#begin += part.length;
      if (this.#begin === end) this.#dropHead();
    }
    this.#byteLength -= filled;
    return filled;
  }

  /** Throws away what waits; returns how many bytes that were. */
  clear(): number {
    const cleared = this.#byteLength;
    while (this.#blocks.length > 0) this.#dropHead();
    this.#byteLength = 0;
    return cleared;
  }

  #tail(): Uint8Array<ArrayBuffer> {
    const last = this.#blocks.at(-1);
    if (last && this.#end < BLOCK_BYTES) return last;
    const fresh = takeBlock();
    this.#blocks.push(fresh);
    this.#end = 0;
    return fresh;
  }

  #dropHead(): void {
    const head = this.#blocks.shift();
    if (head) giveBlock(head);
    this.#begin = 0;
    if (this.#blocks.length === 0) this.#end = BLOCK_BYTES;
  }
}
