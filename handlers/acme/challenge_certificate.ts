import {
  bitString,
  boolean,
  objectId,
  octetString,
  sequence,
  setOf,
  time,
  tlv,
  unsignedInteger,
  utf8String,
} from "@alknet/core/der";

import { dnsNames } from "./certificate_request.ts";
import { derSignature } from "./ecdsa_signature.ts";

const ECDSA_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const COMMON_NAME = sequence(
  setOf(sequence(objectId("2.5.4.3"), utf8String("ACME challenge"))),
);
const ACME_IDENTIFIER = objectId("1.3.6.1.5.5.7.1.31");
const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const LIFETIME_MS = 86_400_000;

/** A certificate that proves a name, and its key. */
export interface ChallengeCertificate {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly privateKey: CryptoKey;
}

/**
 * The certificate that answers a tls-alpn-01 challenge (RFC 8737 section 3): self-signed, for the
 * one name, with the digest of the key authorization in a critical extension.
 */
export async function challengeCertificate(
  name: string,
  keyAuthorization: string,
): Promise<ChallengeCertificate> {
  const pair = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(keyAuthorization)),
  );
  const notAfter = new Date(Date.now() + LIFETIME_MS);
  const body = sequence(
    tlv(0xa0, unsignedInteger(new Uint8Array([2]))),
    unsignedInteger(crypto.getRandomValues(new Uint8Array(16))),
    ECDSA_SHA256,
    COMMON_NAME,
    sequence(time(new Date(Date.now() - LIFETIME_MS)), time(notAfter)),
    COMMON_NAME,
    new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey)),
    tlv(
      0xa3,
      sequence(
        sequence(objectId("2.5.29.17"), octetString(dnsNames([name]))),
        sequence(ACME_IDENTIFIER, boolean(true), octetString(octetString(digest))),
      ),
    ),
  );
  const signature = bitString(await derSignature(pair.privateKey, body));
  return { der: sequence(body, ECDSA_SHA256, signature), privateKey: pair.privateKey };
}
