import {
  CallWireError,
  checkLength,
  decodeEnvelope,
  encodeEnvelope,
  type EventEnvelope,
  HARD_MAX_BYTES,
} from "./envelope.ts";

/** Length of the number before each envelope. */
export const LENGTH_BYTES = 4;

/**
 * Writes a frame: the envelope's length in four bytes, most significant first, and the envelope.
 *
 * @param envelope What to write.
 * @param maxBytes Refuse a longer envelope. Default: 64 MiB.
 * @throws {CallWireError} When it is too large, or its payload is nothing JSON can hold.
 *
 * @example
 * ```ts
 * import { encodeFrame, FrameDecoder } from "@alknet/call";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const envelope = { type: "call.responded", id: "1", payload: { output: 42 } };
 * const [frame] = new FrameDecoder().push(encodeFrame(envelope));
 * deepStrictEqual(frame?.envelope, envelope);
 * ```
 */
export function encodeFrame(
  envelope: EventEnvelope,
  maxBytes: number = HARD_MAX_BYTES,
): Uint8Array<ArrayBuffer> {
  const body = encodeEnvelope(envelope, maxBytes);
  const frame = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, LENGTH_BYTES);
  return frame;
}

/** One envelope that came. */
export interface Frame {
  /** What it says. */
  readonly envelope: EventEnvelope;
  /** How long it was, without its length field. */
  readonly bytes: number;
}

/** What a {@linkcode FrameDecoder} can be told. */
export interface FrameDecoderOptions {
  /** Longest envelope now: asked for each frame. Default: 64 MiB, which nothing exceeds. */
  readonly maxBytes?: () => number;
  /** Told how many bytes a frame that is not whole yet will hold, and 0 when it is. */
  readonly reserve?: (bytes: number) => void;
}

/**
 * Cuts a stream of bytes into envelopes. Holds at most one frame that is not whole, and of that
 * only what has come: a length alone takes no memory.
 */
export class FrameDecoder {
  readonly #maxBytes: () => number;
  readonly #reserve: (bytes: number) => void;
  readonly #header = new Uint8Array(LENGTH_BYTES);
  #headerFilled = 0;
  #parts: Uint8Array[] = [];
  #missing = 0;

  /** Begins at the start of a stream; the options bound what is held. */
  constructor(options: FrameDecoderOptions = {}) {
    this.#maxBytes = options.maxBytes ?? (() => HARD_MAX_BYTES);
    this.#reserve = options.reserve ?? (() => {});
  }

  /**
   * Takes what was read, in pieces of any size.
   *
   * @param bytes May be reused once the iteration is over.
   * @returns The envelopes that became whole, in order.
   * @throws {CallWireError} At the first byte that cannot belong to a frame.
   */
  *push(bytes: Uint8Array): Generator<Frame, void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = this.#missing === 0 ? this.#takeHeader(rest) : this.#collect(rest);
      if (this.#missing > 0 && rest.length >= this.#missing) {
        const body = this.#takeBody(rest.subarray(0, this.#missing));
        rest = rest.subarray(this.#missing);
        this.#missing = 0;
        yield { envelope: decodeEnvelope(body), bytes: body.length };
      }
    }
  }

  /**
   * Takes the end of the stream.
   *
   * @throws {CallWireError} When it comes within a frame.
   */
  end(): void {
    this.#reserve(0);
    if (this.#headerFilled === 0 && this.#missing === 0) return;
    throw new CallWireError("truncated", "Stream ended within a frame");
  }

  #takeHeader(bytes: Uint8Array): Uint8Array {
    const taken = Math.min(bytes.length, LENGTH_BYTES - this.#headerFilled);
    this.#header.set(bytes.subarray(0, taken), this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === LENGTH_BYTES) this.#begin();
    return bytes.subarray(taken);
  }

  #begin(): void {
    const length = new DataView(this.#header.buffer).getUint32(0);
    checkLength(length, this.#maxBytes());
    this.#headerFilled = 0;
    this.#missing = length;
  }

  /** Keeps a part of the frame unless the rest of it is there. */
  #collect(bytes: Uint8Array): Uint8Array {
    if (bytes.length >= this.#missing) return bytes;
    if (this.#parts.length === 0) this.#reserve(this.#missing);
    this.#parts.push(bytes.slice());
    this.#missing -= bytes.length;
    return bytes.subarray(bytes.length);
  }

  #takeBody(last: Uint8Array): Uint8Array {
    if (this.#parts.length === 0) return last;
    const parts = [...this.#parts, last];
    this.#parts = [];
    this.#reserve(0);
    return concat(parts);
  }
}

/** Joins parts in order. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
