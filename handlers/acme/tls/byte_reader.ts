/** Thrown for bytes that are no TLS as RFC 8446 has it. */
export class TlsFormatError extends TypeError {
  /** The class's name. */
  override readonly name = "TlsFormatError";
  /** Who has to act. */
  readonly blame = "remote";
}

/** Reads the presentation language of RFC 8446 section 3; past the end it throws. */
export class ByteReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #offset = 0;

  /** Reads from the start. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** Whether there is more. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** An unsigned integer of so many octets, at most four. */
  uint(octets: number): number {
    return this.take(octets).reduce((value, octet) => value * 256 + octet, 0);
  }

  /** So many octets. */
  take(count: number): Uint8Array<ArrayBuffer> {
    if (count > this.left) throw new TlsFormatError("Message ends too early");
    this.#offset += count;
    return this.#bytes.subarray(this.#offset - count, this.#offset);
  }

  /** A vector whose length stands before it in so many octets. */
  vector(octets: number): ByteReader {
    return new ByteReader(this.take(this.uint(octets)));
  }

  /** All that is left. */
  rest(): Uint8Array<ArrayBuffer> {
    return this.take(this.left);
  }

  /** Reads over and over to the end. */
  *each<T>(read: (reader: ByteReader) => T): Generator<T> {
    while (this.left > 0) yield read(this);
  }
}
