import { type Bytes, copyOf, wipe } from "./bytes.ts";
import { DecryptionError } from "./errors.ts";

/** Length of every nonce here, in bytes. */
export const IV_BYTES = 12;

/** Length of the tag that follows each ciphertext, in bytes. */
export const TAG_BYTES = 16;

/** What AES-256-GCM (NIST SP 800-38D) takes besides the text. */
export interface GcmInput {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes, never twice under one key. */
  readonly iv: Uint8Array;
  /** Authenticated, not encrypted. Default none. */
  readonly aad?: Uint8Array;
}

/** Ciphertext with its tag. */
export async function sealGcm(input: GcmInput, plaintext: Uint8Array): Promise<Bytes> {
  const text = copyOf(plaintext);
  try {
    const key = await importKey(input.key, "encrypt");
    return new Uint8Array(await crypto.subtle.encrypt(algorithm(input), key, text));
  } finally {
    wipe(text);
  }
}

/** Plaintext; throws {@linkcode DecryptionError} whatever is wrong. */
export async function openGcm(input: GcmInput, sealed: Uint8Array): Promise<Bytes> {
  const key = await importKey(input.key, "decrypt");
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm(input), key, copyOf(sealed)));
  } catch (cause) {
    throw new DecryptionError("Cannot decrypt: wrong key or changed data", { cause });
  }
}

function algorithm({ iv, aad = new Uint8Array() }: GcmInput): AesGcmParams {
  return { name: "AES-GCM", iv: copyOf(iv), additionalData: copyOf(aad), tagLength: TAG_BYTES * 8 };
}

async function importKey(key: Uint8Array, usage: "encrypt" | "decrypt"): Promise<CryptoKey> {
  const raw = copyOf(key);
  try {
    return await crypto.subtle.importKey("raw", raw, "AES-GCM", false, [usage]);
  } finally {
    wipe(raw);
  }
}
