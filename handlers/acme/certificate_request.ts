import { bitString, objectId, octetString, pem, sequence, setOf, tlv } from "@alknet/core/der";

import { derSignature } from "./ecdsa_signature.ts";

const ECDSA_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const EXTENSION_REQUEST = objectId("1.2.840.113549.1.9.14");
const SUBJECT_ALT_NAME = objectId("2.5.29.17");
const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;

/** A request for a certificate and the key that the certificate will be for. */
export interface CertificateRequest {
  /** The PKCS #10 request, DER. */
  readonly der: Uint8Array<ArrayBuffer>;
  /** The private key, PKCS #8 PEM. */
  readonly key: string;
}

/**
 * Makes a fresh P-256 key and asks for a certificate for it (RFC 2986): no subject, the names as
 * subject alternative names, which is all that certificate authorities read.
 *
 * @param names DNS names.
 */
export async function certificateRequest(names: readonly string[]): Promise<CertificateRequest> {
  const pair = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const publicKeyInfo = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const extension = sequence(SUBJECT_ALT_NAME, octetString(dnsNames(names)));
  const attribute = sequence(EXTENSION_REQUEST, setOf(sequence(extension)));
  const version = tlv(0x02, new Uint8Array([0]));
  const body = sequence(version, sequence(), publicKeyInfo, tlv(0xa0, attribute));
  const signature = bitString(await derSignature(pair.privateKey, body));
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const key = pem("PRIVATE KEY", pkcs8);
  pkcs8.fill(0);
  return { der: sequence(body, ECDSA_SHA256, signature), key };
}

/** GeneralNames of DNS names (RFC 5280 section 4.2.1.6). */
export function dnsNames(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  return sequence(...names.map((name) => tlv(0x82, encoder.encode(name))));
}
