import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";

import { SshProtocolError } from "../errors.ts";
import { SshReader } from "../wire/ssh_reader.ts";

/** A public key of a user or a certificate authority that can check signatures. */
export interface VerifyingKey {
  /** Its type, such as `ssh-ed25519`; for RSA `ssh-rsa`. */
  readonly type: string;
  /** Signature algorithms that it takes. */
  readonly algorithms: readonly string[];
  /** Whether `signature`, an SSH signature blob, is this key's for `message` by `algorithm`. */
  verify(message: Uint8Array, signature: Uint8Array, algorithm: string): boolean;
}

/** Shortest RSA modulus that is taken, and longest, since checking costs its square. */
const RSA_BITS = { min: 2_048, max: 8_192 } as const;
const MAX_RSA_EXPONENT_BYTES = 8;
/** The authenticator saw its user (PROTOCOL.u2f). */
const USER_PRESENT = 1;

const CURVES: Readonly<Record<string, { crv: string; hash: string; bytes: number }>> = {
  nistp256: { crv: "P-256", hash: "sha256", bytes: 32 },
  nistp384: { crv: "P-384", hash: "sha384", bytes: 48 },
  nistp521: { crv: "P-521", hash: "sha512", bytes: 66 },
};

/**
 * Reads the key that follows its type in a public key or certificate, and leaves the reader behind
 * it.
 *
 * @param type The key's type.
 * @param reader Stands behind the type (and, in a certificate, the nonce).
 * @returns Undefined for a type that is not taken.
 * @throws {SshProtocolError} When the key is malformed.
 */
export function readVerifyingKey(type: string, reader: SshReader): VerifyingKey | undefined {
  switch (type) {
    case "ssh-ed25519":
      return ed25519(reader.bytes());
    case "ssh-rsa":
      return rsa(reader.bytes(), reader.bytes());
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return ecdsa(type, reader.text(), reader.bytes());
    case "sk-ssh-ed25519@openssh.com":
      return securityKey(type, "ed25519", ed25519(reader.bytes()), reader.bytes());
    case "sk-ecdsa-sha2-nistp256@openssh.com": {
      const key = ecdsa("ecdsa-sha2-nistp256", reader.text(), reader.bytes());
      return securityKey(type, "ecdsa", key, reader.bytes());
    }
    default:
      return undefined;
  }
}

/** The name of a key type or algorithm without its being a certificate's. */
export function withoutCertificate(name: string): string {
  return name.replace("-cert-v01@openssh.com", name.startsWith("sk-") ? "@openssh.com" : "");
}

interface RawKey extends VerifyingKey {
  /** Checks the signature proper, without the name of its algorithm. */
  verifyRaw(message: Uint8Array, signature: Uint8Array): boolean;
}

/** RFC 8709. */
function ed25519(publicKey: Uint8Array): RawKey {
  const key = importKey({ kty: "OKP", crv: "Ed25519", x: base64url(publicKey) });
  return rawKey(
    "ssh-ed25519",
    (message, signature) => signature.length === 64 && isRight(null, message, key, signature),
  );
}

/** RFC 5656 section 3.1. */
function ecdsa(type: string, curve: string, point: Uint8Array): RawKey {
  const info = CURVES[curve];
  if (!info || type !== `ecdsa-sha2-${curve}`) throw new SshProtocolError("Key of another curve");
  const { crv, hash, bytes } = info;
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) throw malformed();
  const x = base64url(point.subarray(1, 1 + bytes));
  const key = importKey({ kty: "EC", crv, x, y: base64url(point.subarray(1 + bytes)) });
  return rawKey(type, (message, signature) => {
    const reader = new SshReader(signature);
    const joined = new Uint8Array(2 * bytes);
    joined.set(fixedLength(reader.bytes(), bytes));
    joined.set(fixedLength(reader.bytes(), bytes), bytes);
    reader.end();
    return isRight(hash, message, { key, dsaEncoding: "ieee-p1363" }, joined);
  });
}

/** RFC 8332: with SHA-2 only. */
function rsa(exponent: Uint8Array, modulus: Uint8Array): VerifyingKey {
  const [e, n] = [withoutZeros(exponent), withoutZeros(modulus)];
  const bits = n.length * 8;
  if (bits < RSA_BITS.min || bits > RSA_BITS.max || e.length > MAX_RSA_EXPONENT_BYTES) {
    throw new SshProtocolError("RSA key of a length that is not taken");
  }
  const key = importKey({ kty: "RSA", n: base64url(n), e: base64url(e) });
  const hashes: Readonly<Record<string, string>> = {
    "rsa-sha2-256": "sha256",
    "rsa-sha2-512": "sha512",
  };
  return {
    type: "ssh-rsa",
    algorithms: Object.keys(hashes),
    verify(message, signature, algorithm) {
      const reader = new SshReader(signature);
      const hash = Object.hasOwn(hashes, algorithm) ? hashes[algorithm] : undefined;
      if (!hash || reader.text() !== algorithm) return false;
      const raw = reader.bytes();
      reader.end();
      return isRight(hash, message, key, padded(raw, n.length));
    },
  };
}

/** FIDO keys (PROTOCOL.u2f): the authenticator signs hashes, its flags and its counter. */
function securityKey(
  type: string,
  kind: "ed25519" | "ecdsa",
  key: RawKey,
  application: Uint8Array,
): VerifyingKey {
  const applicationHash = sha256(application);
  return {
    type,
    algorithms: [type],
    verify(message, signature, algorithm) {
      const reader = new SshReader(signature);
      if (algorithm !== type || reader.text() !== type) return false;
      const raw = reader.bytes();
      const flagsAndCounter = reader.rest();
      if (flagsAndCounter.length !== 5 || ((flagsAndCounter[0] ?? 0) & USER_PRESENT) === 0) {
        return false;
      }
      const signed = new Uint8Array([...applicationHash, ...flagsAndCounter, ...sha256(message)]);
      return (kind === "ecdsa" || raw.length === 64) && key.verifyRaw(signed, raw);
    },
  };
}

function rawKey(type: string, verifyRaw: RawKey["verifyRaw"]): RawKey {
  return {
    type,
    algorithms: [type],
    verifyRaw,
    verify(message, signature, algorithm) {
      const reader = new SshReader(signature);
      if (algorithm !== type || reader.text() !== type) return false;
      const raw = reader.bytes();
      reader.end();
      return verifyRaw(message, raw);
    },
  };
}

/** node:crypto throws at some signatures of a wrong form instead of saying no. */
function isRight(
  hash: string | null,
  message: Uint8Array,
  key: KeyObject | { key: KeyObject; dsaEncoding: "ieee-p1363" },
  signature: Uint8Array,
): boolean {
  try {
    return verify(hash, message, key, signature);
  } catch {
    return false;
  }
}

function importKey(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: "jwk" });
  } catch (cause) {
    throw new SshProtocolError("Public key is not on its curve", { cause });
  }
}

/** An mpint (RFC 4251 section 5) as exactly `length` bytes. */
function fixedLength(mpint: Uint8Array, length: number): Uint8Array {
  const digits = withoutZeros(mpint);
  if (digits.length > length) throw malformed();
  return padded(digits, length);
}

function padded(digits: Uint8Array, length: number): Uint8Array {
  if (digits.length >= length) return digits;
  const fixed = new Uint8Array(length);
  fixed.set(digits, length - digits.length);
  return fixed;
}

function withoutZeros(mpint: Uint8Array): Uint8Array {
  let start = 0;
  while (start < mpint.length && mpint[start] === 0) start++;
  return mpint.subarray(start);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function malformed(): SshProtocolError {
  return new SshProtocolError("Public key or signature is malformed");
}
