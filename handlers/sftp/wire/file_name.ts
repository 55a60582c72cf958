import { WireError } from "./wire_error.ts";

/** First of the lone surrogates that stand for the bytes 0x80 to 0xFF (U+DC80 to U+DCFF). */
const ESCAPE_BASE = 0xdc00;
const LONE_SURROGATE = /\p{Surrogate}/u;

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

/**
 * Turns the bytes of a file name into a text without losing any: UTF-8 where it is UTF-8, and each
 * byte that is not as a lone surrogate U+DC80 to U+DCFF (the way of Python's PEP 383). Names are
 * bytes on the wire; two names that differ there differ as texts too.
 *
 * @param bytes A name or a path as it came.
 * @returns A text from which {@linkcode encodeName} makes the same bytes.
 *
 * @example
 * ```ts
 * import { decodeName, encodeName } from "@alknet/sftp";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const latin1 = new Uint8Array([0x63, 0x61, 0x66, 0xe9]); // "café" in ISO 8859-1
 * strictEqual(decodeName(latin1), "caf\udce9");
 * deepStrictEqual(encodeName("caf\udce9"), latin1);
 * ```
 */
export function decodeName(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return decodeEscaping(bytes);
  }
}

/**
 * Turns a text of {@linkcode decodeName} back into bytes.
 *
 * @param name The text.
 * @returns Its bytes.
 * @throws {WireError} When it has a lone surrogate that stands for no byte.
 */
export function encodeName(name: string): Uint8Array<ArrayBuffer> {
  return isPlainName(name) ? ENCODER.encode(name) : encodeEscaped(name);
}

/** Whether a name is UTF-8 on the wire, so that systems with text names can have it. */
export function isPlainName(name: string): boolean {
  return !LONE_SURROGATE.test(name);
}

/** By arithmetic: a decoder a character would take a tenth of a second for a hostile name. */
function decodeEscaping(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = validLength(bytes, at);
    const lead = bytes[at] ?? 0;
    let code = length > 0 ? lead & (LEAD_BITS[length] ?? 0) : ESCAPE_BASE + lead;
    for (let index = 1; index < length; index++) {
      code = (code << 6) | ((bytes[at + index] ?? 0) & 0x3f);
    }
    text += String.fromCodePoint(code);
    at += Math.max(1, length);
  }
  return text;
}

/** Length of the well-formed UTF-8 sequence that begins here (Unicode table 3-7), or 0. */
function validLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const second = bytes[at + 1] ?? 0;
  const [low, high] = SECOND_BYTES.get(lead) ?? [0x80, 0xbf];
  if (lead < 0xc2 || lead > 0xf4 || second < low || second > high) return 0;
  for (let index = 2; index < length; index++) {
    if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** Bits of a character in its first byte, by its length. */
const LEAD_BITS = [0, 0x7f, 0x1f, 0x0f, 0x07];

/** Leads after which fewer second bytes are allowed: overlong forms, surrogates, above U+10FFFF. */
const SECOND_BYTES: ReadonlyMap<number, readonly [number, number]> = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

function encodeEscaped(name: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - ESCAPE_BASE);
    else if (code >= 0xd800 && code <= 0xdfff) {
      throw new WireError("Cannot encode a name: it has a surrogate that stands for no byte");
    } else bytes.push(...ENCODER.encode(character));
  }
  return new Uint8Array(bytes);
}
