import { type ByteBounds, decodeBase64 } from "./base64.ts";
import { IV_BYTES, TAG_BYTES } from "./aes_gcm.ts";
import type { Bytes } from "./bytes.ts";
import { EncryptedDataError } from "./errors.ts";

/** Most plaintext in one blob, in bytes. */
export const MAX_PLAINTEXT_BYTES = 1_048_576;

/** Length of the salt that new blobs carry, in bytes. */
export const SALT_BYTES = 32;

/** A secret as it lies in a store. The names are frozen: other programs read this JSON. */
export interface EncryptedData {
  /** Which key: 2 and up are derived from the vault, 1 was made from a password elsewhere. */
  // deno-lint-ignore camelcase -- the frozen name
  readonly key_version: number;
  /** Base64 of 32 random bytes; authenticated from version 3 on. */
  readonly salt: string;
  /** Base64 of the 12-byte nonce of AES-256-GCM. */
  readonly iv: string;
  /** Base64 of ciphertext and 16-byte tag. */
  readonly data: string;
}

/** The binary parts of an {@linkcode EncryptedData}. */
export interface EncryptedParts {
  readonly keyVersion: number;
  readonly salt: Bytes;
  readonly iv: Bytes;
  readonly data: Bytes;
}

const MAX_KEY_VERSION = 0xffff_ffff;
const SALT_BOUNDS: ByteBounds = { min: 0, max: 64 };
const IV_BOUNDS: ByteBounds = { min: IV_BYTES, max: IV_BYTES };
const DATA_BOUNDS: ByteBounds = { min: TAG_BYTES, max: MAX_PLAINTEXT_BYTES + TAG_BYTES };

/**
 * Reads a value from outside as an encrypted blob. Fields that a later version adds are ignored.
 *
 * @param value What `JSON.parse` gave; any value is possible.
 * @returns A blob with exactly the four fields.
 * @throws {EncryptedDataError} For anything else, naming the field.
 *
 * @example
 * ```ts
 * import { EncryptedDataError, parseEncryptedData } from "@alknet/vault";
 * import { throws } from "node:assert/strict";
 *
 * throws(() => parseEncryptedData({ key_version: 3, salt: "", iv: "?" }), EncryptedDataError);
 * ```
 */
export function parseEncryptedData(value: unknown): EncryptedData {
  const { keyVersion, salt, iv, data } = decodeEncryptedData(value);
  return encodeEncryptedData({ keyVersion, salt, iv, data });
}

/** Like {@linkcode parseEncryptedData}, in binary. */
export function decodeEncryptedData(value: unknown): EncryptedParts {
  if (typeof value !== "object" || value === null) {
    throw new EncryptedDataError("Cannot read encrypted data: it is not an object");
  }
  const keyVersion = ownValue(value, "key_version");
  if (typeof keyVersion !== "number" || !isKeyVersion(keyVersion)) throw fieldError("key_version");
  return {
    keyVersion,
    salt: bytesOf(value, "salt", SALT_BOUNDS),
    iv: bytesOf(value, "iv", IV_BOUNDS),
    data: bytesOf(value, "data", DATA_BOUNDS),
  };
}

/** The inverse of {@linkcode decodeEncryptedData}. */
export function encodeEncryptedData(parts: EncryptedParts): EncryptedData {
  return {
    key_version: parts.keyVersion,
    salt: parts.salt.toBase64(),
    iv: parts.iv.toBase64(),
    data: parts.data.toBase64(),
  };
}

function isKeyVersion(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_KEY_VERSION;
}

function bytesOf(object: object, name: string, bounds: ByteBounds): Bytes {
  const bytes = decodeBase64(ownValue(object, name), bounds);
  if (!bytes) throw fieldError(name);
  return bytes;
}

/** A plain own property: nothing inherited, and no getter of a stranger is run. */
function ownValue(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

function fieldError(name: string): EncryptedDataError {
  return new EncryptedDataError(`Cannot read encrypted data: "${name}" is missing or malformed`);
}
