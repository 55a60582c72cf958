import { H3ErrorCode } from "../error_code.ts";
import { H3ConnectionError } from "../errors.ts";
import { InputBuffer } from "../input_buffer.ts";
import { writeCapacity, writeInsert } from "./encoder_stream.ts";
import { EncoderTable } from "./encoder_table.ts";
import { wrapInsertCount } from "./insert_count.ts";
import { type FieldLine, STATIC_LINES, STATIC_NAMES } from "./static_table.ts";
import { QpackFormatError, TruncatedError, WireReader, WireWriter } from "./wire.ts";

/** What the peer's decoder allows, from its SETTINGS, and what this side is ready to spend. */
export interface QpackEncoderLimits {
  /** Largest dynamic table, in bytes. */
  readonly maxTableBytes: number;
  /** Largest dynamic table this side wants. Default: 4,096. */
  readonly ownTableBytes?: number;
  /** Streams that may be made to wait. */
  readonly maxBlockedStreams: number;
}

const OWN_TABLE_BYTES = 4_096;

/** Values that must not be guessed by watching sizes (RFC 9204 section 7.1.3). */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
]);

/**
 * The encoding half of QPACK (RFC 9204): field lines and the peer's decoder stream in, field
 * sections and our encoder stream out. It does no I/O.
 *
 * A line goes into the dynamic table the second time it is met. References to entries the peer has
 * not acknowledged are made only as far as it allows streams to be blocked.
 */
export class QpackEncoder {
  readonly #input = new InputBuffer();
  readonly #instructions = new WireWriter();
  readonly #section = new WireWriter();
  #table = new EncoderTable({ capacity: 0, maxBlockedStreams: 0 });
  #maxTableBytes = 0;

  /** Starts using the dynamic table, once the peer's SETTINGS are known. */
  configure({ maxTableBytes, maxBlockedStreams, ownTableBytes }: QpackEncoderLimits): void {
    const capacity = Math.min(maxTableBytes, ownTableBytes ?? OWN_TABLE_BYTES);
    if (capacity === 0) return;
    this.#maxTableBytes = maxTableBytes;
    this.#table = new EncoderTable({ capacity, maxBlockedStreams });
    writeCapacity(this.#instructions, capacity);
  }

  /** Encodes a field section for a stream. */
  encode(streamId: number, lines: readonly FieldLine[]): Uint8Array<ArrayBuffer> {
    const table = this.#table;
    const references = this.#references(streamId, lines);
    const base = table.insertCount;
    const required = references.reduce<number>((most, index = -1) => Math.max(most, index + 1), 0);
    this.#section.integer(0, 8, wrapInsertCount(required, this.#maxTableBytes));
    // A base of the insert count lets every reference be relative to it, none post-base.
    this.#section.integer(0, 7, required === 0 ? 0 : base - required);
    lines.forEach((line, index) => this.#line(line, references[index], base));
    table.sent(streamId, references, required);
    return this.#section.take();
  }

  /**
   * Takes bytes of the peer's decoder stream (RFC 9204 section 4.4).
   *
   * @throws {H3ConnectionError} `QpackDecoderStreamError` for what cannot be followed.
   */
  readDecoderStream(bytes: Uint8Array): void {
    this.#input.push(bytes);
    try {
      for (;;) {
        const reader = new WireReader(this.#input.peek());
        if (reader.atEnd) return;
        this.#followed(reader);
        this.#input.drop(reader.offset);
      }
    } catch (error) {
      if (error instanceof TruncatedError) return;
      if (!(error instanceof QpackFormatError)) throw error;
      const code = H3ErrorCode.QpackDecoderStreamError;
      throw new H3ConnectionError(code, error.message, { cause: error });
    }
  }

  /** Takes what is to be written to our encoder stream, if anything. */
  takeInstructions(): Uint8Array<ArrayBuffer> | undefined {
    return this.#instructions.length > 0 ? this.#instructions.take() : undefined;
  }

  #followed(reader: WireReader): void {
    const first = reader.next;
    if (first & 0x80) this.#table.acknowledged(reader.integer(7));
    else if (first & 0x40) this.#table.cancelled(reader.integer(6));
    else this.#table.received(reader.integer(6));
  }

  #references(streamId: number, lines: readonly FieldLine[]): (number | undefined)[] {
    let oldest = Infinity;
    return lines.map((line) => {
      const index = this.#reference(streamId, line, oldest);
      oldest = Math.min(oldest, index ?? Infinity);
      return index;
    });
  }

  /**
   * The dynamic entry a line may refer to, inserted first where that pays.
   *
   * @param oldest The oldest entry this section refers to already.
   */
  #reference(streamId: number, line: FieldLine, oldest: number): number | undefined {
    const [name, value] = line;
    if (this.#table.capacity === 0 || SECRET_NAMES.has(name)) return undefined;
    const key = `${name}\0${value}`;
    if (STATIC_LINES.has(key)) return undefined;
    const known = this.#table.find(key);
    if (known !== undefined) return this.#table.mayRefer(streamId, known) ? known : undefined;
    const inserted = this.#table.insert(key, line, oldest);
    if (inserted === undefined) return undefined;
    writeInsert(this.#instructions, line, STATIC_NAMES.get(name));
    return this.#table.mayRefer(streamId, inserted) ? inserted : undefined;
  }

  #line([name, value]: FieldLine, reference: number | undefined, base: number): void {
    const out = this.#section;
    if (reference !== undefined) return out.integer(0x80, 6, base - 1 - reference);
    const whole = STATIC_LINES.get(`${name}\0${value}`);
    if (whole !== undefined) return out.integer(0xc0, 6, whole);
    const never = SECRET_NAMES.has(name);
    const named = STATIC_NAMES.get(name);
    if (named === undefined) out.string(never ? 0x30 : 0x20, 3, name);
    else out.integer(never ? 0x70 : 0x50, 4, named);
    out.string(0x00, 7, value);
  }
}
