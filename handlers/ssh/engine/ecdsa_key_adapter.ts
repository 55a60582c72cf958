import { Buffer } from "node:buffer";
import { createPrivateKey, sign } from "node:crypto";

import { SshReader } from "../wire/ssh_reader.ts";
import { SshWriter } from "../wire/ssh_writer.ts";

const CURVES: ReadonlyMap<string, { crv: string; bytes: number; hash: string }> = new Map([
  ["nistp256", { crv: "P-256", bytes: 32, hash: "sha256" }],
  ["nistp384", { crv: "P-384", bytes: 48, hash: "sha384" }],
  ["nistp521", { crv: "P-521", bytes: 66, hash: "sha512" }],
]);

/** SEQUENCE, its length, INTEGER 1, OCTET STRING (RFC 5915 section 3). */
const SEC1_START = /^30(?:81..|82....|..)02010104(..)/;

/**
 * Signs with an ECDSA key. ssh2 writes the number of a key as SSH does, one byte too long or too
 * short now and then, and Deno does not read that.
 *
 * @param pem The key as ssh2 writes it (RFC 5915).
 * @param blob Its public half in wire form (RFC 5656 section 3.1).
 * @returns What signs, with the signature of RFC 5656 section 3.1.2; undefined for another key.
 */
export function ecdsaSigner(
  pem: string,
  blob: Uint8Array,
): ((message: Uint8Array) => Uint8Array) | undefined {
  const reader = new SshReader(blob);
  reader.text();
  const curve = CURVES.get(reader.text());
  const point = reader.bytes();
  const d = curve && privateNumber(pem, curve.bytes);
  if (!curve || !d) return undefined;
  const { crv, bytes, hash } = curve;
  const x = base64url(point.subarray(1, 1 + bytes));
  const y = base64url(point.subarray(1 + bytes));
  const jwk = { kty: "EC", crv, x, y, d: base64url(d) };
  d.fill(0);
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  return (message) => {
    const both = sign(hash, Buffer.from(message), { key, dsaEncoding: "ieee-p1363" });
    return new SshWriter().string(mpint(both.subarray(0, bytes)))
      .string(mpint(both.subarray(bytes))).finish();
  };
}

function privateNumber(pem: string, bytes: number): Uint8Array | undefined {
  const base64 = pem.replaceAll(/-----[^-]+-----|\s/g, "");
  const der = Uint8Array.fromBase64(base64);
  const [head, length] = SEC1_START.exec(der.subarray(0, 16).toHex()) ?? [];
  if (!head || length === undefined) return undefined;
  const at = head.length / 2;
  const number = der.slice(at, at + Number.parseInt(length, 16));
  der.fill(0);
  const fixed = new Uint8Array(bytes);
  const digits = number.subarray(Math.max(0, number.length - bytes));
  fixed.set(digits, bytes - digits.length);
  number.fill(0);
  return fixed;
}

/** RFC 4251 section 5: no zeros before, but for one that keeps it positive. */
function mpint(number: Uint8Array): Uint8Array {
  const first = number.findIndex((byte) => byte !== 0);
  const digits = number.subarray(first < 0 ? number.length : first);
  return (digits[0] ?? 0) < 0x80 ? digits : new Uint8Array([0, ...digits]);
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
