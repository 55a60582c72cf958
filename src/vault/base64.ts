import type { Bytes } from "./bytes.ts";

const CANONICAL = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Sizes that a decoded value may have, in bytes. */
export interface ByteBounds {
  /** Fewest bytes. */
  readonly min: number;
  /** Most bytes. */
  readonly max: number;
}

/** Standard padded base64 (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/**
 * Decodes standard padded base64 strictly: no white space, no spare bits, one text for one value.
 *
 * @returns The bytes, or undefined where `value` is anything else or of another size.
 */
export function decodeBase64(value: unknown, { min, max }: ByteBounds): Bytes | undefined {
  if (typeof value !== "string" || value.length > Math.ceil(max / 3) * 4) return undefined;
  if (!CANONICAL.test(value)) return undefined;
  const bytes = Uint8Array.fromBase64(value);
  if (bytes.toBase64() !== value) return undefined;
  return bytes.length >= min && bytes.length <= max ? bytes : undefined;
}
