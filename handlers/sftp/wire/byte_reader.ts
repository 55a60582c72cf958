import { decodeName } from "./file_name.ts";
import { WireError } from "./wire_error.ts";

/** Reads the fields of one packet (draft-ietf-secsh-filexfer-02 section 3); total and bounded. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** Takes the bytes of a whole packet. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** A whole number below 2^53: no file is larger, and no number is silently another one. */
  u64(): number {
    const at = this.#take(8);
    const high = this.#view.getUint32(at);
    if (high > 0x1f_ffff) throw new WireError("Number above 2^53");
    return high * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  /** A `string`: a length and as many bytes; a view, not a copy. */
  bytes(): Uint8Array {
    const length = this.u32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A `string` that is a name or a text. */
  name(): string {
    return decodeName(this.bytes());
  }

  /** All that is left; a view, not a copy. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#take(this.left));
  }

  /** @throws {WireError} When something is left. */
  end(): void {
    if (this.left > 0) throw new WireError(`Packet has ${this.left} bytes too many`);
  }

  #take(count: number): number {
    if (count > this.left) throw new WireError("Packet ends in the middle of a field");
    const at = this.#at;
    this.#at += count;
    return at;
  }
}
