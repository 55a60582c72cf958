import { SshProtocolError } from "../errors.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the types of RFC 4251 section 5 from a message, without copying it. */
export class SshReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;

  /** Begins at `offset`; throws {@linkcode SshProtocolError} wherever the bytes end too early. */
  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  /** How far reading has come. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** One octet. */
  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  /** A `boolean`: anything but 0 is true. */
  boolean(): boolean {
    return this.byte() !== 0;
  }

  /** A `uint32`. */
  uint32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  /** A `uint64`. */
  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8));
  }

  /** A `string`: a view of the message, not a copy. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A `string` of UTF-8. */
  text(): string {
    const bytes = this.bytes();
    try {
      return UTF8.decode(bytes);
    } catch (cause) {
      throw new SshProtocolError("Message has a text that is not UTF-8", { cause });
    }
  }

  /** Everything that is left. */
  rest(): Uint8Array {
    const start = this.#advance(this.left);
    return this.#bytes.subarray(start);
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.left > 0) throw new SshProtocolError(`Message has ${this.left} bytes too many`);
  }

  #advance(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) throw new SshProtocolError("Message is too short");
    this.#offset = start + length;
    return start;
  }
}
