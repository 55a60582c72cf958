import { IV_BYTES, openGcm, sealGcm } from "./aes_gcm.ts";
import { type Argon2Cost, argon2id } from "./argon2.ts";
import { associatedData } from "./associated_data.ts";
import { type Bytes, randomBytes, utf8, wipe } from "./bytes.ts";
import {
  type KeyFileSlot,
  type PassphraseSlot,
  type Sealed,
  VAULT_FORMAT,
  VAULT_FORMAT_VERSION,
} from "./vault_document.ts";
import { PassphraseLengthError } from "./vault_file_errors.ts";

/** Longest passphrase, in bytes. */
export const MAX_PASSPHRASE_BYTES = 1024;

const SALT_BYTES = 16;

/** Encrypts one part of a vault file, bound to the format and to its name in the file. */
export async function sealPart(
  name: string,
  key: Uint8Array,
  plaintext: Uint8Array,
): Promise<Sealed> {
  const iv = randomBytes(IV_BYTES);
  return { iv, data: await sealGcm({ key, iv, aad: partAad(name) }, plaintext) };
}

/** Decrypts one part; throws `DecryptionError`. */
export function openPart(name: string, key: Uint8Array, { iv, data }: Sealed): Promise<Bytes> {
  return openGcm({ key, iv, aad: partAad(name) }, data);
}

/** Wraps the data key under a passphrase. */
export async function wrapWithPassphrase(
  dataKey: Uint8Array,
  passphrase: Uint8Array,
  cost: Argon2Cost,
): Promise<PassphraseSlot> {
  checkPassphrase(passphrase);
  const salt = randomBytes(SALT_BYTES);
  const key = await argon2id(passphrase, salt, cost);
  try {
    return { type: "passphrase", salt, cost, ...await sealPart("slot/passphrase", key, dataKey) };
  } finally {
    wipe(key);
  }
}

/** The data key out of a passphrase slot; throws `DecryptionError`. */
export async function unwrapWithPassphrase(
  slot: PassphraseSlot,
  passphrase: Uint8Array,
): Promise<Bytes> {
  const key = await argon2id(passphrase, slot.salt, slot.cost);
  try {
    return await openPart("slot/passphrase", key, slot);
  } finally {
    wipe(key);
  }
}

/** Wraps the data key under the content of a key file. */
export async function wrapWithKeyFile(
  dataKey: Uint8Array,
  fileKey: Uint8Array,
): Promise<KeyFileSlot> {
  return { type: "keyfile", ...await sealPart("slot/keyfile", fileKey, dataKey) };
}

/** The data key out of a key file slot; throws `DecryptionError`. */
export function unwrapWithKeyFile(slot: KeyFileSlot, fileKey: Uint8Array): Promise<Bytes> {
  return openPart("slot/keyfile", fileKey, slot);
}

/** Throws {@linkcode PassphraseLengthError} for a passphrase that a slot is not made with. */
export function checkPassphrase(passphrase: Uint8Array): void {
  if (passphrase.length < 1 || passphrase.length > MAX_PASSPHRASE_BYTES) {
    throw new PassphraseLengthError(
      `Cannot use the passphrase: it has to be 1 to ${MAX_PASSPHRASE_BYTES} bytes long`,
    );
  }
}

function partAad(name: string): Bytes {
  return associatedData(VAULT_FORMAT, VAULT_FORMAT_VERSION, [utf8(name)]);
}
