import { sequence, unsignedInteger } from "@alknet/core/der";

const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

/** Signs as X.509 wants it (RFC 3279 section 2.2.3): WebCrypto gives the two numbers side by side. */
export async function derSignature(
  key: CryptoKey,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const raw = new Uint8Array(await crypto.subtle.sign(SIGNATURE, key, bytes));
  const half = raw.length / 2;
  return sequence(unsignedInteger(raw.subarray(0, half)), unsignedInteger(raw.subarray(half)));
}
