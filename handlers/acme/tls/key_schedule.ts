import { createHash, createHmac } from "node:crypto";

import { concat, uint, vector } from "./byte_writer.ts";

/** Octets of SHA-256. */
const HASH_BYTES = 32;
const encoder = new TextEncoder();

/** What protects the records of one direction (RFC 8446 section 7.3). */
export interface TrafficKeys {
  readonly key: Uint8Array<ArrayBuffer>;
  readonly iv: Uint8Array<ArrayBuffer>;
  /** For the Finished message (section 4.4.4). */
  readonly finished: Uint8Array<ArrayBuffer>;
}

/** Keys of the handshake, and the secret that later ones come from. */
export interface HandshakeSecrets {
  readonly client: TrafficKeys;
  readonly server: TrafficKeys;
  readonly secret: Uint8Array<ArrayBuffer>;
}

/** SHA-256 of messages one after the other. */
export function hash(...messages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(concat(...messages)).digest());
}

/** HMAC with SHA-256. */
export function hmac(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHmac("sha256", key).update(message).digest());
}

/**
 * The key schedule (RFC 8446 section 7.1) without pre-shared keys, up to the handshake keys.
 *
 * @param shared What the key exchange gave.
 * @param transcript Hash of ClientHello and ServerHello.
 */
export function handshakeSecrets(
  shared: Uint8Array,
  transcript: Uint8Array,
): HandshakeSecrets {
  const zeros = new Uint8Array(HASH_BYTES);
  const early = hmac(zeros, zeros);
  const secret = hmac(deriveSecret(early, "derived", hash()), shared);
  return {
    client: trafficKeys(deriveSecret(secret, "c hs traffic", transcript)),
    server: trafficKeys(deriveSecret(secret, "s hs traffic", transcript)),
    secret,
  };
}

/** Keys of the server's application data: what its last alert is protected with. */
export function serverApplicationKeys(
  handshakeSecret: Uint8Array,
  transcript: Uint8Array,
): TrafficKeys {
  const salt = deriveSecret(handshakeSecret, "derived", hash());
  const master = hmac(salt, new Uint8Array(HASH_BYTES));
  return trafficKeys(deriveSecret(master, "s ap traffic", transcript));
}

function trafficKeys(secret: Uint8Array): TrafficKeys {
  const none = new Uint8Array();
  return {
    key: expandLabel(secret, "key", none, 16),
    iv: expandLabel(secret, "iv", none, 12),
    finished: expandLabel(secret, "finished", none, HASH_BYTES),
  };
}

function deriveSecret(
  secret: Uint8Array,
  label: string,
  transcript: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return expandLabel(secret, label, transcript, HASH_BYTES);
}

/** HKDF-Expand-Label; one block of HKDF is enough for every length here (RFC 5869 section 2.3). */
function expandLabel(
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  const info = concat(
    uint(2, length),
    vector(1, encoder.encode(`tls13 ${label}`)),
    vector(1, context),
  );
  return hmac(secret, concat(info, uint(1, 1))).subarray(0, length);
}
