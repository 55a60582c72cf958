/** The largest value a QUIC varint holds, 2^62 - 1 (RFC 9000 section 16). */
export const MAX_VARINT = 2n ** 62n - 1n;

/** How many bytes a value takes. */
export function varintLength(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x4000) return 2;
  return value < 0x40000000 ? 4 : 8;
}

/** How many bytes the varint has that begins with this byte. */
export function varintLengthFrom(firstByte: number): number {
  return 1 << (firstByte >> 6);
}

/**
 * Writes a varint.
 *
 * @param value A whole number from 0 to 2^53 - 1: nothing we send is larger.
 * @returns The offset behind it.
 */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  const length = varintLength(value);
  if (length === 8) {
    writeUint32(bytes, offset, 0xc0000000 + Math.floor(value / 0x100000000));
    writeUint32(bytes, offset + 4, value % 0x100000000);
  } else if (length === 4) {
    writeUint32(bytes, offset, 0x80000000 + value);
  } else if (length === 2) {
    bytes[offset] = 0x40 | value >> 8;
    bytes[offset + 1] = value;
  } else {
    bytes[offset] = value;
  }
  return offset + length;
}

/** One varint by itself, or several in a row. */
export function encodeVarints(...values: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + varintLength(value), 0));
  let offset = 0;
  for (const value of values) offset = writeVarint(bytes, offset, value);
  return bytes;
}

/**
 * Reads a varint. Values above 2^53 - 1 come out rounded: they are used for types and identifiers
 * that nobody defined, never for lengths (see {@linkcode isExact}).
 *
 * @returns Undefined when the bytes end before it does.
 */
export function readVarint(bytes: Uint8Array, offset: number): number | undefined {
  const first = bytes[offset];
  if (first === undefined) return undefined;
  const length = varintLengthFrom(first);
  if (offset + length > bytes.length) return undefined;
  let value = first & 0x3f;
  for (let index = 1; index < length; index++) value = value * 256 + (bytes[offset + index] ?? 0);
  return value;
}

/** Whether a varint that was read is what was sent, to the last digit. */
export function isExact(value: number): boolean {
  return Number.isSafeInteger(value);
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
