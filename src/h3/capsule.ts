import { InputBuffer } from "./input_buffer.ts";
import { encodeFrame } from "./frame_type.ts";
import { isExact } from "./varint.ts";
import { H3ErrorCode } from "./error_code.ts";
import { H3StreamError } from "./errors.ts";

/** Types of capsules (RFC 9297 section 5.4, WebTransport over HTTP/3). */
export const CapsuleType = {
  /** A datagram, on the stream. */
  Datagram: 0x00,
  /** The end of a WebTransport session, with code and reason. */
  CloseSession: 0x2843,
  /** The wish that a WebTransport session ends. */
  DrainSession: 0x78ae,
} as const;

const KNOWN: ReadonlySet<number> = new Set(Object.values(CapsuleType));
const MAX_REASON_BYTES = 1_024;

/** A capsule of a known type. */
export interface Capsule {
  /** One of {@linkcode CapsuleType}. */
  readonly type: number;
  /** Its value. */
  readonly payload: Uint8Array;
}

/** One capsule (RFC 9297 section 3.2), which looks as a frame does. */
export function encodeCapsule(type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeFrame(type, payload);
}

/** Cuts a data stream into capsules; those of unknown types are thrown away. */
export class CapsuleParser {
  readonly #input = new InputBuffer();
  readonly #maxBytes: number;
  #skipLeft = 0;

  /** @param maxBytes Longest capsule of a known type. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Adds bytes, which belong to the parser from here on. */
  push(bytes: Uint8Array): void {
    this.#input.push(bytes);
  }

  /**
   * The next capsule, or undefined when more bytes are needed.
   *
   * @throws {H3StreamError} `DatagramError` for one that is too long.
   */
  next(): Capsule | undefined {
    for (;;) {
      this.#skipLeft -= this.#input.drop(this.#skipLeft);
      const type = this.#input.peekVarint();
      if (this.#skipLeft > 0 || type === undefined) return undefined;
      const typeLength = this.#input.varintLengthAt();
      const length = this.#input.peekVarint(typeLength);
      if (length === undefined) return undefined;
      const headLength = typeLength + this.#input.varintLengthAt(typeLength);
      if (KNOWN.has(type)) return this.#whole(type, headLength, length);
      if (!isExact(length)) throw broken(`Capsule of ${length} bytes`);
      this.#input.drop(headLength);
      this.#skipLeft = length;
    }
  }

  /** Says that the stream has ended; throws when it ended within a capsule. */
  end(): void {
    if (this.#skipLeft > 0 || this.#input.length > 0) throw broken("Stream ended in a capsule");
  }

  #whole(type: number, headLength: number, length: number): Capsule | undefined {
    if (length > this.#maxBytes) throw broken(`Capsule of ${length} bytes`);
    if (this.#input.length < headLength + length) return undefined;
    this.#input.drop(headLength);
    return { type, payload: this.#input.take(length) };
  }
}

/** The value of a CLOSE_WEBTRANSPORT_SESSION capsule; a longer reason is cut to 1,024 bytes. */
export function encodeClose(code: number, reason: string): Uint8Array<ArrayBuffer> {
  const text = new Uint8Array(MAX_REASON_BYTES);
  const { written } = new TextEncoder().encodeInto(reason, text);
  const bytes = new Uint8Array(4 + written);
  new DataView(bytes.buffer).setUint32(0, code);
  bytes.set(text.subarray(0, written), 4);
  return bytes;
}

/**
 * Reads the value of a CLOSE_WEBTRANSPORT_SESSION capsule.
 *
 * @throws {H3StreamError} `DatagramError` for one that is too short or too long.
 */
export function decodeClose(payload: Uint8Array): { code: number; reason: string } {
  if (payload.length < 4 || payload.length > 4 + MAX_REASON_BYTES) {
    throw broken(`Close capsule of ${payload.length} bytes`);
  }
  const code = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  return { code, reason: new TextDecoder().decode(payload.subarray(4)) };
}

function broken(message: string): H3StreamError {
  return new H3StreamError(H3ErrorCode.DatagramError, message);
}
