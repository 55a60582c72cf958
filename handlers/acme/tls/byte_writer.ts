/** An unsigned integer of so many octets, at most four. */
export function uint(octets: number, value: number): Uint8Array<ArrayBuffer> {
  const shifts = Array.from({ length: octets }, (_, at) => 8 * (octets - 1 - at));
  return new Uint8Array(shifts.map((shift) => value >>> shift));
}

/** Bytes one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** A vector with its length in so many octets before it (RFC 8446 section 3.4). */
export function vector(octets: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = concat(...parts);
  return concat(uint(octets, body.length), body);
}
