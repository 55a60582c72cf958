import { H3ErrorCode } from "../error_code.ts";
import { H3ConnectionError, H3StreamError } from "../errors.ts";
import { InputBuffer } from "../input_buffer.ts";
import { DynamicTable, fieldLineBytes } from "./dynamic_table.ts";
import { readInstruction } from "./encoder_stream.ts";
import { unwrapInsertCount } from "./insert_count.ts";
import { type FieldLine, STATIC_TABLE } from "./static_table.ts";
import { QpackFormatError, TruncatedError, WireReader, WireWriter } from "./wire.ts";

/** Bounds of a {@linkcode QpackDecoder}, which the peer learns from SETTINGS. */
export interface QpackDecoderLimits {
  /** Largest dynamic table the peer's encoder may use, in bytes. */
  readonly maxTableBytes: number;
  /** Streams that may wait for entries at once. */
  readonly maxBlockedStreams: number;
  /** Largest field section: names and values, and 32 bytes for each line. */
  readonly maxFieldSectionBytes: number;
}

/** Where a field section's references lead (RFC 9204 section 4.5.1). */
interface SectionPrefix {
  readonly required: number;
  readonly base: number;
}

/**
 * The decoding half of QPACK (RFC 9204): field sections and the peer's encoder stream in, field
 * lines and our decoder stream out. It does no I/O.
 */
export class QpackDecoder {
  readonly #limits: QpackDecoderLimits;
  readonly #table = new DynamicTable();
  readonly #input = new InputBuffer();
  readonly #output = new WireWriter();
  readonly #blocked = new Set<number>();
  #acknowledged = 0;

  /** Starts with an empty table of capacity 0. */
  constructor(limits: QpackDecoderLimits) {
    this.#limits = limits;
  }

  /** How many entries the peer has inserted so far. */
  get insertCount(): number {
    return this.#table.insertCount;
  }

  /**
   * Takes bytes of the peer's encoder stream; streams that were blocked may be decoded again.
   *
   * @throws {H3ConnectionError} `QpackEncoderStreamError` for what cannot be followed.
   */
  readEncoderStream(bytes: Uint8Array): void {
    this.#input.push(bytes);
    try {
      for (;;) {
        const reader = new WireReader(this.#input.peek());
        if (reader.atEnd) return;
        readInstruction(reader, this.#table, this.#limits.maxTableBytes);
        this.#input.drop(reader.offset);
      }
    } catch (error) {
      if (error instanceof TruncatedError) return;
      throw asConnectionError(error, H3ErrorCode.QpackEncoderStreamError);
    }
  }

  /**
   * Decodes a field section.
   *
   * @returns Undefined when entries it needs have not arrived: the stream is blocked until
   * `insertCount` has grown, then this is called again.
   * @throws {H3ConnectionError} `QpackDecompressionFailed` for what cannot be decoded.
   * @throws {H3StreamError} With status 431 for a section that is too large.
   */
  decode(streamId: number, section: Uint8Array): FieldLine[] | undefined {
    try {
      const reader = new WireReader(section);
      const prefix = this.#prefix(reader);
      if (prefix.required > this.insertCount) return this.#block(streamId);
      const lines = this.#lines(reader, prefix);
      this.#blocked.delete(streamId);
      this.#acknowledge(streamId, prefix.required);
      return lines;
    } catch (error) {
      throw asConnectionError(error, H3ErrorCode.QpackDecompressionFailed);
    }
  }

  /** Tells the peer that sections of a stream will not be decoded (RFC 9204 section 2.2.2.2). */
  cancel(streamId: number): void {
    this.#blocked.delete(streamId);
    if (this.#limits.maxTableBytes > 0) this.#output.integer(0x40, 6, streamId);
  }

  /** Takes what is to be written to our decoder stream, if anything. */
  takeInstructions(): Uint8Array<ArrayBuffer> | undefined {
    const news = this.insertCount - this.#acknowledged;
    if (news > 0) this.#output.integer(0x00, 6, news);
    this.#acknowledged = this.insertCount;
    return this.#output.length > 0 ? this.#output.take() : undefined;
  }

  #block(streamId: number): undefined {
    this.#blocked.add(streamId);
    if (this.#blocked.size > this.#limits.maxBlockedStreams) {
      throw new QpackFormatError(`More than ${this.#limits.maxBlockedStreams} blocked streams`);
    }
  }

  #acknowledge(streamId: number, required: number): void {
    if (required === 0) return;
    this.#output.integer(0x80, 7, streamId);
    this.#acknowledged = Math.max(this.#acknowledged, required);
  }

  #prefix(reader: WireReader): SectionPrefix {
    const required = unwrapInsertCount(reader.integer(8), {
      inserted: this.insertCount,
      maxTableBytes: this.#limits.maxTableBytes,
    });
    const negative = (reader.next & 0x80) !== 0;
    const delta = reader.integer(7);
    const base = negative ? required - delta - 1 : required + delta;
    if (base < 0) throw new QpackFormatError("Base of a field section is negative");
    return { required, base };
  }

  #lines(reader: WireReader, prefix: SectionPrefix): FieldLine[] {
    const lines: FieldLine[] = [];
    let bytes = 0;
    while (!reader.atEnd) {
      const line = this.#line(reader, prefix);
      bytes += fieldLineBytes(line);
      if (bytes > this.#limits.maxFieldSectionBytes) {
        const status = 431;
        throw new H3StreamError(H3ErrorCode.ExcessiveLoad, "Field section is too large", {
          status,
        });
      }
      lines.push(line);
    }
    return lines;
  }

  /** One field line representation (RFC 9204 sections 4.5.2 to 4.5.6). */
  #line(reader: WireReader, prefix: SectionPrefix): FieldLine {
    const first = reader.next;
    if (first & 0x80) return this.#indexed(reader, 6, (first & 0x40) !== 0, prefix);
    if (first & 0x40) {
      const [name] = this.#indexed(reader, 4, (first & 0x10) !== 0, prefix);
      return [name, this.#string(reader, 7)];
    }
    if (first & 0x20) return [this.#string(reader, 3), this.#string(reader, 7)];
    if (first & 0x10) return this.#entry(prefix.base + reader.integer(4), prefix);
    const [name] = this.#entry(prefix.base + reader.integer(3), prefix);
    return [name, this.#string(reader, 7)];
  }

  #indexed(reader: WireReader, bits: number, isStatic: boolean, prefix: SectionPrefix): FieldLine {
    const index = reader.integer(bits);
    if (!isStatic) return this.#entry(prefix.base - index - 1, prefix);
    const line = STATIC_TABLE[index];
    if (!line) throw new QpackFormatError(`No entry ${index} in the static table`);
    return line;
  }

  #entry(index: number, { required }: SectionPrefix): FieldLine {
    const line = index < required ? this.#table.at(index) : undefined;
    if (!line) throw new QpackFormatError(`No entry ${index} in the dynamic table`);
    return line;
  }

  #string(reader: WireReader, prefix: number): string {
    return reader.string(prefix, this.#limits.maxFieldSectionBytes);
  }
}

/** Whatever is wrong with bytes of the peer's is the peer's doing; anything else is a bug of ours. */
function asConnectionError(error: unknown, code: H3ErrorCode): unknown {
  if (error instanceof QpackFormatError || error instanceof TruncatedError) {
    return new H3ConnectionError(code, error.message, { cause: error });
  }
  return error;
}
