/** Bytes backed by plain memory, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/**
 * Overwrites arrays with zeros. Whoever made a secret array wipes it; no function of this package
 * wipes an array that it was given.
 *
 * @param arrays Arrays whose content is no longer wanted.
 *
 * @example
 * ```ts
 * import { wipe } from "@alknet/vault";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const secret = new Uint8Array([1, 2, 3]);
 * wipe(secret);
 * deepStrictEqual(secret, new Uint8Array(3));
 * ```
 */
export function wipe(...arrays: readonly (Uint8Array | Uint16Array)[]): void {
  for (const array of arrays) array.fill(0);
}

/** A copy that the caller owns and wipes. */
export function copyOf(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

/** All parts one after another. */
export function concat(...parts: readonly ArrayLike<number>[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** UTF-8 bytes of `text`. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** Big-endian unsigned 32-bit integer. */
export function uint32(value: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

/** Bytes from the system's random generator; at most 65,536. */
export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Compares in a time that depends on the lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
