import { createHash } from "node:crypto";

import { SshProtocolError } from "../errors.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { readVerifyingKey, type VerifyingKey } from "./signatures.ts";

/** A key a user shows, in its wire form (RFC 4253 section 6.6). */
export interface UserKey {
  /** The wire form. */
  readonly blob: Uint8Array;
  /** The same without a certificate around it. */
  readonly plain: Uint8Array;
  /** What checks signatures: the key, or the one inside a certificate. */
  readonly key: VerifyingKey;
  /** What a certificate says; undefined for a plain key. */
  readonly certificate?: Certificate;
}

/** Longest key that is looked at. */
const MAX_KEY_BYTES = 16_384;

/**
 * Reads a public key or certificate.
 *
 * @returns Undefined for what is malformed, or of a type that is not taken: both are simply not
 * accepted.
 */
export function parseUserKey(blob: Uint8Array): UserKey | undefined {
  if (blob.length > MAX_KEY_BYTES) return undefined;
  try {
    const reader = new SshReader(blob);
    const type = reader.text();
    if (type.endsWith("-cert-v01@openssh.com")) return readCertificate(type, reader, blob);
    const key = readVerifyingKey(type, reader);
    reader.end();
    return key && { blob, plain: blob, key };
  } catch (error) {
    if (error instanceof SshProtocolError) return undefined;
    throw error;
  }
}

/** Whether a signature is the key's for a message by an algorithm; false for malformed ones too. */
export function isSignedBy(
  key: VerifyingKey,
  message: Uint8Array,
  signature: Uint8Array,
  algorithm: string,
): boolean {
  try {
    return key.verify(message, signature, algorithm);
  } catch (error) {
    if (error instanceof SshProtocolError) return false;
    throw error;
  }
}

/** A key's name for people: `SHA256:` and 43 characters of base64, as OpenSSH writes it. */
export function sshFingerprint(blob: Uint8Array): string {
  const hash = createHash("sha256").update(blob).digest();
  return `SHA256:${new Uint8Array(hash).toBase64({ omitPadding: true })}`;
}
