import { huffmanLength, readHuffman, writeHuffman } from "./huffman.ts";

/** Thrown when bytes end before what they hold: more may come, or the encoding is broken. */
export class TruncatedError extends RangeError {
  /** The class's name. */
  override readonly name = "TruncatedError";
}

/** Thrown for an encoding that no further bytes can mend. */
export class QpackFormatError extends RangeError {
  /** The class's name. */
  override readonly name = "QpackFormatError";
}

/** Reads prefixed integers and strings (RFC 9204 section 4.1). */
export class WireReader {
  readonly #bytes: Uint8Array;
  /** Where the next read begins. */
  offset = 0;

  /** Starts at the beginning. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether nothing is left. */
  get atEnd(): boolean {
    return this.offset >= this.#bytes.length;
  }

  /** The next byte, without taking it. */
  get next(): number {
    const byte = this.#bytes[this.offset];
    if (byte === undefined) throw new TruncatedError("QPACK data ended within an instruction");
    return byte;
  }

  /**
   * Reads an integer in the last `prefix` bits of the next byte and the bytes after it.
   *
   * @throws {QpackFormatError} When it is above 2^53 - 1, or needlessly long.
   */
  integer(prefix: number): number {
    const mask = 2 ** prefix - 1;
    let value = this.next & mask;
    this.offset++;
    if (value < mask) return value;
    for (let unit = 1;; unit *= 128) {
      const byte = this.next;
      this.offset++;
      value += (byte & 0x7f) * unit;
      if (value > Number.MAX_SAFE_INTEGER || unit > 2 ** 56) {
        throw new QpackFormatError("QPACK integer is too large");
      }
      if (byte < 0x80) return value;
    }
  }

  /**
   * Reads a string whose length has `prefix` bits, below a bit that tells Huffman code.
   *
   * @param maxBytes The longest encoding taken.
   * @throws {QpackFormatError} When it is longer, or broken Huffman code.
   */
  string(prefix: number, maxBytes: number): string {
    const huffman = (this.next >> prefix & 1) === 1;
    const length = this.integer(prefix);
    if (length > maxBytes) throw new QpackFormatError(`QPACK string of ${length} bytes`);
    const end = this.offset + length;
    if (end > this.#bytes.length) throw new TruncatedError("QPACK data ended within a string");
    const part = this.#bytes.subarray(this.offset, end);
    this.offset = end;
    if (!huffman) return byteString(part);
    const text = readHuffman(part);
    if (text === undefined) throw new QpackFormatError("QPACK string has broken Huffman code");
    return text;
  }
}

/** Writes prefixed integers and strings into a buffer that grows. */
export class WireWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** Writes an integer behind the bits of `flags` that stand above its prefix. */
  integer(flags: number, prefix: number, value: number): void {
    this.#reserve(11);
    const mask = 2 ** prefix - 1;
    if (value < mask) return this.#byte(flags | value);
    this.#byte(flags | mask);
    let rest = value - mask;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#byte(0x80 | rest % 128);
    this.#byte(rest);
  }

  /** Writes a string, in Huffman code where that is shorter. */
  string(flags: number, prefix: number, text: string): void {
    const coded = huffmanLength(text);
    const huffman = coded < text.length;
    this.integer(huffman ? flags | 1 << prefix : flags, prefix, huffman ? coded : text.length);
    this.#reserve(text.length);
    if (huffman) this.#length = writeHuffman(this.#bytes, this.#length, text);
    else {
      for (let index = 0; index < text.length; index++) this.#byte(text.charCodeAt(index));
    }
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Takes all that was written. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Bytes as a string of characters 0x00-0xff. */
function byteString(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return text;
}
