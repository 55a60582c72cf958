import { createHash, X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

/** DER of an Ed25519 SubjectPublicKeyInfo up to the key itself (RFC 8410 section 4). */
const ED25519_SPKI = "302a300506032b6570032100";

/**
 * Fingerprints of the certificate a client proved in the TLS handshake, best first: the key itself
 * when it is Ed25519, and the SHA-256 of the certificate's DER.
 *
 * @returns None when the client showed no certificate, or one that cannot be read.
 */
export function certificateFingerprints(socket: TLSSocket): string[] {
  const raw: unknown = socket.getPeerCertificate(true)?.raw;
  if (!(raw instanceof Uint8Array) || raw.length === 0) return [];
  const hash = `SHA256:${createHash("sha256").update(raw).digest("hex")}`;
  const key = ed25519Key(raw);
  return key ? [`ed25519:${key}`, hash] : [hash];
}

function ed25519Key(certificate: Uint8Array): string | undefined {
  try {
    const { publicKey } = new X509Certificate(certificate);
    const spki = publicKey.export({ type: "spki", format: "der" });
    const hex = new Uint8Array(spki).toHex();
    return hex.startsWith(ED25519_SPKI) ? hex.slice(ED25519_SPKI.length) : undefined;
  } catch {
    return undefined; // a key type this runtime cannot read is known by its certificate only
  }
}
