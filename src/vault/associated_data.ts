import { type Bytes, concat, uint32, utf8 } from "./bytes.ts";

/**
 * Bytes that AES-GCM authenticates beside the text: what the text is for, in one unambiguous form.
 *
 * ```
 * domain, ASCII without NUL | 00 | version, uint32 | for each field: length, uint32 | bytes
 * ```
 *
 * No two lists of (domain, version, fields) share an encoding, since every part tells where it ends.
 * Integers are big-endian. See docs/adr/0004 and docs/adr/0005.
 */
export function associatedData(
  domain: string,
  version: number,
  fields: readonly Uint8Array[],
): Bytes {
  const parts = fields.flatMap((field) => [uint32(field.length), field]);
  return concat(utf8(domain), [0], uint32(version), ...parts);
}
