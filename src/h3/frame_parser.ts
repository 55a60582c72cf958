import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError, H3StreamError } from "./errors.ts";
import { FrameType } from "./frame_type.ts";
import { InputBuffer } from "./input_buffer.ts";
import { isExact } from "./varint.ts";

/** What a stream does with frames of a type. */
export type FrameRule =
  /** Hands the payload out as it comes. */
  | "content"
  /** Throws the payload away. */
  | "skip"
  /** Takes the length for a session ID, and the rest of the stream for that session's. */
  | "session"
  /** Collects the payload, of at most that many bytes. */
  | number;

/** What a {@linkcode FrameParser} found. */
export type FrameEvent =
  /** A whole frame. */
  | { readonly kind: "frame"; readonly type: number; readonly payload: Uint8Array }
  /** A frame of content begins; `takeContent` has it. */
  | { readonly kind: "content"; readonly length: number }
  /** A frame that is thrown away begins. */
  | { readonly kind: "skipped"; readonly type: number }
  /** The stream belongs to a WebTransport session from here on; `rest` has what came with it. */
  | { readonly kind: "session"; readonly id: number };

/**
 * Cuts the bytes of a stream into frames (RFC 9114 section 7.1). It does no I/O, and holds no more
 * than what was pushed and one frame of the size its rules allow.
 */
export class FrameParser {
  readonly #rule: (type: number) => FrameRule;
  readonly #input = new InputBuffer();
  #contentLeft = 0;
  #skipLeft = 0;

  /** @param rule Decides by a frame's type; throws for types that may not be there. */
  constructor(rule: (type: number) => FrameRule) {
    this.#rule = rule;
  }

  /** Content of the current frame that was not taken yet, arrived or not. */
  get contentLeft(): number {
    return this.#contentLeft;
  }

  /** How many bytes wait. */
  get buffered(): number {
    return this.#input.length;
  }

  /** Adds bytes, which belong to the parser from here on. */
  push(bytes: Uint8Array): void {
    this.#input.push(bytes);
  }

  /**
   * The next thing in the stream.
   *
   * @returns Undefined when more bytes are needed, or content has to be taken first.
   * @throws {H3ConnectionError} For a frame that ends the connection.
   * @throws {H3StreamError} For a field section above its limit.
   */
  next(): FrameEvent | undefined {
    this.#skipLeft -= this.#input.drop(this.#skipLeft);
    if (this.#contentLeft > 0 || this.#skipLeft > 0 || this.#input.length === 0) return undefined;
    const type = this.#input.peekVarint();
    if (type === undefined) return undefined;
    const rule = this.#rule(type);
    const typeLength = this.#input.varintLengthAt();
    const length = this.#input.peekVarint(typeLength);
    if (length === undefined) return undefined;
    const headLength = typeLength + this.#input.varintLengthAt(typeLength);
    if (rule !== "session" && !isExact(length)) throw frameError(`Frame of ${length} bytes`);
    if (typeof rule === "number") return this.#whole(type, headLength, { length, maxBytes: rule });
    this.#input.drop(headLength);
    if (rule === "session") return { kind: "session", id: length };
    if (rule === "skip") return this.#skip(type, length);
    this.#contentLeft = length;
    return { kind: "content", length };
  }

  /** Takes content that has arrived; returns how many bytes. */
  takeContent(target: Uint8Array): number {
    const count = this.#input.takeInto(target.subarray(0, this.#contentLeft));
    this.#contentLeft -= count;
    return count;
  }

  /** Counts content that was read around the parser, which may be done when `buffered` is 0. */
  passContent(count: number): void {
    this.#contentLeft -= count;
  }

  /** Takes all that waits, once the stream is a session's. */
  rest(): Uint8Array {
    return this.#input.take(this.#input.length);
  }

  /**
   * Says that the stream has ended.
   *
   * @throws {H3ConnectionError} When it ended within a frame (RFC 9114 section 7.1).
   */
  end(): void {
    if (this.#contentLeft > 0 || this.#skipLeft > 0 || this.#input.length > 0) {
      throw frameError("Stream ended within a frame");
    }
  }

  #whole(
    type: number,
    headLength: number,
    { length, maxBytes }: { length: number; maxBytes: number },
  ): FrameEvent | undefined {
    if (length > maxBytes) throw tooLarge(type, length);
    if (this.#input.length < headLength + length) return undefined;
    this.#input.drop(headLength);
    return { kind: "frame", type, payload: this.#input.take(length) };
  }

  #skip(type: number, length: number): FrameEvent {
    this.#skipLeft = length;
    this.#skipLeft -= this.#input.drop(length);
    return { kind: "skipped", type };
  }
}

function frameError(message: string): H3ConnectionError {
  return new H3ConnectionError(H3ErrorCode.FrameError, message);
}

function tooLarge(type: number, length: number): Error {
  const message = `Frame of type ${type} with ${length} bytes`;
  if (type !== FrameType.Headers) return new H3ConnectionError(H3ErrorCode.ExcessiveLoad, message);
  return new H3StreamError(H3ErrorCode.ExcessiveLoad, message, { status: 431 });
}
