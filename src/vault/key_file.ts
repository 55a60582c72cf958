import { type Bytes, randomBytes, wipe } from "./bytes.ts";
import { createFile, readBounded } from "./private_file.ts";
import { KeyFileError } from "./vault_file_errors.ts";

const KEY_FILE_BYTES = 32;

/** Where the key file of a vault file lies unless told otherwise. */
export function defaultKeyFilePath(vaultPath: string): string {
  return `${vaultPath}.key`;
}

/**
 * Makes a key file of random bytes, or takes the one that is there: it is left from a creation that
 * was killed half-way, or it opens another vault, and must not be lost in either case.
 */
export async function createOrReuseKeyFile(path: string): Promise<Bytes> {
  const key = randomBytes(KEY_FILE_BYTES);
  try {
    await createFile(path, key);
    return key;
  } catch (error) {
    wipe(key);
    if (error instanceof Deno.errors.AlreadyExists) return await readKeyFile(path);
    throw new KeyFileError(`Cannot create key file "${path}": check its directory`, {
      cause: error,
    });
  }
}

/** The 32 bytes of a key file; throws {@linkcode KeyFileError}, also where others could read them. */
export async function readKeyFile(path: string): Promise<Bytes> {
  const file = await readOrExplain(path);
  if (file?.bytes.length !== KEY_FILE_BYTES) {
    throw new KeyFileError(
      `Cannot use key file "${path}": it is not a file of ${KEY_FILE_BYTES} bytes: ` +
        "restore it from a backup",
    );
  }
  const { mode, uid } = file.info;
  if (mode !== null && (mode & 0o077) !== 0) {
    wipe(file.bytes);
    throw new KeyFileError(
      `Cannot use key file "${path}": others may read it: run chmod 600 "${path}"`,
    );
  }
  if (uid !== null && uid !== 0 && uid !== Deno.uid()) {
    wipe(file.bytes);
    throw new KeyFileError(`Cannot use key file "${path}": it belongs to another user`);
  }
  return file.bytes;
}

async function readOrExplain(path: string): ReturnType<typeof readBounded> {
  try {
    return await readBounded(path, KEY_FILE_BYTES);
  } catch (cause) {
    const detail = cause instanceof Deno.errors.NotFound
      ? "there is none: give the passphrase, or restore it from a backup"
      : "it cannot be read";
    throw new KeyFileError(`Cannot use key file "${path}": ${detail}`, { cause });
  }
}
