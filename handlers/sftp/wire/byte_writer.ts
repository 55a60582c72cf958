import { encodeName } from "./file_name.ts";
import { WireError } from "./wire_error.ts";

/** Bytes of the length that precedes a packet. */
export const LENGTH_BYTES = 4;

/** Writes the fields of one packet behind room for its length. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = LENGTH_BYTES;

  /** Begins a packet. @param capacity How many bytes it will probably take. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(value: number): this {
    const at = this.#room(1); // before the view is looked at, which growing replaces
    this.#view.setUint8(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** @throws {WireError} For what is not a whole number from 0 to 2^53. */
  u64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new WireError(`Cannot encode ${value}: not a whole number from 0 to 2^53`);
    }
    const at = this.#room(8);
    this.#view.setUint32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value % 0x1_0000_0000);
    return this;
  }

  bytes(value: Uint8Array): this {
    return this.u32(value.length).rest(value);
  }

  name(value: string): this {
    return this.bytes(encodeName(value));
  }

  rest(value: Uint8Array): this {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** The packet, its length in front. */
  packet(): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, this.#at - LENGTH_BYTES);
    return this.#bytes.subarray(0, this.#at);
  }

  /** What was written, without the length: for fields that hold packed fields themselves. */
  payload(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(LENGTH_BYTES, this.#at);
  }

  #room(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) this.#grow();
    return at;
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
