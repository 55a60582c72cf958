import { concat, copyOf, wipe } from "./bytes.ts";
import type { DerivedKey } from "./derived_key.ts";
import { KeyTypeError } from "./errors.ts";

/** Signs with one Ed25519 key that no longer leaves WebCrypto. */
export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** The 64-byte signature of `message` (RFC 8032, pure Ed25519). */
  sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
}

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410 section 7). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");

/**
 * Imports an Ed25519 key into WebCrypto, non-extractable.
 *
 * @param key Wiped by the caller as soon as this resolves.
 * @throws {KeyTypeError} For a key of another type.
 * @throws {KeyDisposedError} For a key wiped before.
 *
 * @example
 * ```ts
 * import { ed25519Signer, IDENTITY_PATH, Vault } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * using vault = new Vault();
 * (await vault.unlockNew()).fill(0);
 * using key = vault.deriveEd25519(IDENTITY_PATH);
 * const signer = await ed25519Signer(key);
 * strictEqual((await signer.sign(new Uint8Array(3))).length, 64);
 * ```
 */
export async function ed25519Signer(key: DerivedKey): Promise<Ed25519Signer> {
  if (key.keyType !== "ed25519") {
    throw new KeyTypeError(`Cannot sign with a key of type "${key.keyType}": "ed25519" is wanted`);
  }
  const pkcs8 = concat(PKCS8_PREFIX, key.privateKey);
  try {
    const signing = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
    return {
      publicKey: copyOf(key.publicKey),
      async sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
        return new Uint8Array(await crypto.subtle.sign("Ed25519", signing, copyOf(message)));
      },
    };
  } finally {
    wipe(pkcs8);
  }
}
