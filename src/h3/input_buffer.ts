import { readVarint, varintLengthFrom } from "./varint.ts";

const EMPTY = new Uint8Array(0);

/** Bytes that have arrived and are not yet taken. */
export class InputBuffer {
  #bytes: Uint8Array = EMPTY;
  #start = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#bytes.length - this.#start;
  }

  /** Adds bytes, which belong to the buffer from here on. */
  push(bytes: Uint8Array): void {
    if (this.length === 0) {
      this.#bytes = bytes;
    } else {
      const joined = new Uint8Array(this.length + bytes.length);
      joined.set(this.peek());
      joined.set(bytes, this.length);
      this.#bytes = joined;
    }
    this.#start = 0;
  }

  /** All that waits, without taking it. */
  peek(): Uint8Array {
    return this.#bytes.subarray(this.#start);
  }

  /** Takes up to that many bytes. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#start, this.#start + count);
    this.drop(taken.length);
    return taken;
  }

  /** Takes as many bytes as fit into a buffer and are there; returns how many. */
  takeInto(target: Uint8Array): number {
    const taken = this.take(target.length);
    target.set(taken);
    return taken.length;
  }

  /** Throws away up to that many bytes; returns how many. */
  drop(count: number): number {
    const dropped = Math.min(count, this.length);
    this.#start += dropped;
    if (this.length === 0) {
      this.#bytes = EMPTY;
      this.#start = 0;
    }
    return dropped;
  }

  /** The varint that begins `skip` bytes from here, or undefined when it has not all arrived. */
  peekVarint(skip = 0): number | undefined {
    return readVarint(this.#bytes, this.#start + skip);
  }

  /** Length of the varint that begins `skip` bytes from here; there must be a byte. */
  varintLengthAt(skip = 0): number {
    return varintLengthFrom(this.#bytes[this.#start + skip] ?? 0);
  }

  /** Takes a varint, or nothing when it has not all arrived. */
  takeVarint(): number | undefined {
    const value = this.peekVarint();
    if (value !== undefined) this.drop(this.varintLengthAt());
    return value;
  }
}
