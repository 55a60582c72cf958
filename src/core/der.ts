/**
 * The part of DER (ITU-T X.690) that a certificate of ours needs: a writer of typed values.
 * Every function returns one complete tag-length-value.
 */

const encoder = new TextEncoder();

/** One TLV with a definite length. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = [tag, ...lengthOctets(length)];
  const out = new Uint8Array(header.length + length);
  out.set(header);
  let offset = header.length;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** SEQUENCE. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tlv(0x30, ...parts);
}

/** SET of one element, so that DER's ordering of elements cannot go wrong. */
export function setOf(part: Uint8Array): Uint8Array<ArrayBuffer> {
  return tlv(0x31, part);
}

/** A positive INTEGER from big-endian octets. */
export function unsignedInteger(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  const first = octets.findIndex((octet) => octet !== 0);
  const trimmed = first < 0 ? new Uint8Array(1) : octets.subarray(first);
  const sign = (trimmed[0] ?? 0) & 0x80 ? [0] : [];
  return tlv(0x02, new Uint8Array([...sign, ...trimmed]));
}

/** BOOLEAN. */
export function boolean(value: boolean): Uint8Array<ArrayBuffer> {
  return tlv(0x01, new Uint8Array([value ? 0xff : 0]));
}

/** OBJECT IDENTIFIER from its dotted form. */
export function objectId(dotted: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tlv(0x06, new Uint8Array([first * 40 + second, ...rest.flatMap(base128)]));
}

/** BIT STRING of whole octets. */
export function bitString(octets: Uint8Array, unusedBits = 0): Uint8Array<ArrayBuffer> {
  return tlv(0x03, new Uint8Array([unusedBits]), octets);
}

/** OCTET STRING. */
export function octetString(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return tlv(0x04, octets);
}

/** UTF8String. */
export function utf8String(text: string): Uint8Array<ArrayBuffer> {
  return tlv(0x0c, encoder.encode(text));
}

/** A time as X.509 wants it: UTCTime to 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). */
export function time(date: Date): Uint8Array<ArrayBuffer> {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() < 2050
    ? tlv(0x17, encoder.encode(digits.slice(2)))
    : tlv(0x18, encoder.encode(digits));
}

/** PEM text of one DER value (RFC 7468). */
export function pem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function base128(arc: number): number[] {
  const octets = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) octets.unshift(0x80 | rest & 0x7f);
  return octets;
}
