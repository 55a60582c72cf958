import { IV_BYTES, openGcm, sealGcm } from "./aes_gcm.ts";
import { associatedData } from "./associated_data.ts";
import { type Bytes, randomBytes, uint32, utf8 } from "./bytes.ts";
import { type EncryptedParts, MAX_PLAINTEXT_BYTES, SALT_BYTES } from "./encrypted_data.ts";
import { PlaintextTooLargeError, ProviderNameError } from "./errors.ts";

/** Key version of new blobs. */
export const CURRENT_KEY_VERSION = 3;

/** Longest provider name, in bytes of UTF-8. */
export const MAX_PROVIDER_BYTES = 255;

const DOMAIN = "alknet-vault/encrypted-data";
/** Layout of the associated data; the key version is a field of it. */
const LAYOUT = 1;
const FIRST_AUTHENTICATED_VERSION = 3;

/** Who a blob belongs to and which key it is under. */
export interface BlobContext {
  readonly key: Uint8Array;
  readonly keyVersion: number;
  readonly provider: string;
}

/** Encrypts under a fresh nonce and salt. */
export async function sealBlob(
  context: BlobContext,
  plaintext: Uint8Array,
): Promise<EncryptedParts> {
  if (plaintext.length > MAX_PLAINTEXT_BYTES) {
    throw new PlaintextTooLargeError(
      `Cannot encrypt ${plaintext.length} bytes: the most is ${MAX_PLAINTEXT_BYTES}`,
    );
  }
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const aad = blobAad(context, salt);
  const data = await sealGcm({ key: context.key, iv, aad }, plaintext);
  return { keyVersion: context.keyVersion, salt, iv, data };
}

/** Decrypts, and checks from version 3 on that the blob is this provider's. */
export function openBlob(context: BlobContext, { salt, iv, data }: EncryptedParts): Promise<Bytes> {
  return openGcm({ key: context.key, iv, aad: blobAad(context, salt) }, data);
}

/** Nothing for version 2, whose format is frozen; docs/adr/0004 tells the bytes of later ones. */
export function blobAad(
  { keyVersion, provider }: Omit<BlobContext, "key">,
  salt: Uint8Array,
): Bytes {
  const name = providerBytes(provider);
  if (keyVersion < FIRST_AUTHENTICATED_VERSION) return new Uint8Array();
  return associatedData(DOMAIN, LAYOUT, [uint32(keyVersion), name, salt]);
}

function providerBytes(provider: string): Bytes {
  if (typeof provider !== "string" || !provider.isWellFormed()) {
    throw new ProviderNameError("Cannot use the provider name: it is not well-formed Unicode");
  }
  const bytes = utf8(provider);
  if (bytes.length === 0 || bytes.length > MAX_PROVIDER_BYTES) {
    throw new ProviderNameError(
      `Cannot use the provider name: it has to be 1 to ${MAX_PROVIDER_BYTES} bytes long`,
    );
  }
  return bytes;
}
