const encoder = new TextEncoder();

/** Writes the types of RFC 4251 section 5. */
export class SshWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** Begins with room for `capacity` bytes; grows as needed. */
  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** One octet. */
  byte(value: number): this {
    const at = this.#reserve(1); // first, since it may replace the view
    this.#view.setUint8(at, value);
    return this;
  }

  /** A `boolean`. */
  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  /** A `uint32`. */
  uint32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** A `string` of bytes, or of UTF-8. */
  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    return this.uint32(bytes.length).raw(bytes);
  }

  /** Bytes without a length. */
  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** What was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) this.#grow();
    return start;
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** What is written with the name of its kind before it: a public key, a signature. */
export function namedBytes(name: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new SshWriter(bytes.length + name.length + 8).string(name).string(bytes).finish();
}
