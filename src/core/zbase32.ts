/** The alphabet of z-base-32 (human-oriented base-32 encoding, Zooko O'Whielacronx, 2009). */
const ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769";

const VALUES: ReadonlyMap<string, number> = new Map(
  [...ALPHABET].map((character, value) => [character, value]),
);

/** Thrown by {@linkcode decodeZbase32} for text that no encoder produces. */
export class Zbase32Error extends SyntaxError {
  /** The class's name. */
  override readonly name = "Zbase32Error";
  /** Who has to act: the text came from a person or a peer. */
  readonly blame = "user";
}

/**
 * Encodes bytes as z-base-32, most significant bit first, without padding.
 *
 * @param bytes Any number of bytes.
 * @returns `ceil(8 n / 5)` lower-case characters.
 *
 * @example
 * ```ts
 * import { encodeZbase32 } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(encodeZbase32(new Uint8Array([0xf0, 0xbf, 0xc7])), "6n9hq");
 * ```
 */
export function encodeZbase32(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8 | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[buffer >> bits & 31];
    }
  }
  return bits > 0 ? text + ALPHABET[buffer << (5 - bits) & 31] : text;
}

/**
 * Decodes z-base-32 strictly: one text for one value, so a changed last character never passes.
 *
 * @param text Lower-case z-base-32 without padding.
 * @returns The bytes.
 * @throws {Zbase32Error} For a foreign character, an impossible length or non-zero spare bits.
 *
 * @example
 * ```ts
 * import { decodeZbase32 } from "@alknet/core";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(decodeZbase32("6n9hq"), new Uint8Array([0xf0, 0xbf, 0xc7]));
 * ```
 */
export function decodeZbase32(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor(text.length * 5 / 8));
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (const character of text) {
    const value = VALUES.get(character);
    if (value === undefined) {
      throw new Zbase32Error(`Cannot decode z-base-32: character "${character}" is not in it`);
    }
    buffer = (buffer << 5 | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = buffer >> bits & 0xff;
    }
  }
  if (bits >= 5 || (buffer & ((1 << bits) - 1)) !== 0) {
    throw new Zbase32Error("Cannot decode z-base-32: the text is cut off or mistyped at its end");
  }
  return bytes;
}
