import { utf8 } from "./bytes.ts";
import { readBounded, replaceFile } from "./private_file.ts";
import { formatVaultDocument, parseVaultDocument, type VaultDocument } from "./vault_document.ts";
import { VaultFileError } from "./vault_file_errors.ts";

/** Largest vault file that is read, in bytes. */
export const MAX_VAULT_FILE_BYTES = 65_536;

/** Reads and parses; throws {@linkcode VaultFileError} and nothing else. */
export async function readVaultDocument(path: string): Promise<VaultDocument> {
  const file = await readOrExplain(path);
  if (!file) {
    throw new VaultFileError(
      "malformed",
      `Cannot read vault file "${path}": it is no regular file, or larger than a vault ever is`,
    );
  }
  return parseVaultDocument(new TextDecoder().decode(file.bytes));
}

/** Replaces the file as a whole, or leaves the old one. */
export async function replaceVaultDocument(path: string, document: VaultDocument): Promise<void> {
  try {
    await replaceFile(path, utf8(formatVaultDocument(document)));
  } catch (cause) {
    throw new VaultFileError(
      "inaccessible",
      `Cannot write vault file "${path}": the old one is unchanged`,
      { cause },
    );
  }
}

/** Whether there is anything at the path. */
export async function vaultFileExists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw new VaultFileError("inaccessible", `Cannot look for vault file "${path}"`, { cause });
  }
}

async function readOrExplain(path: string): ReturnType<typeof readBounded> {
  try {
    return await readBounded(path, MAX_VAULT_FILE_BYTES);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      const message = `Cannot open vault file "${path}": there is none: make one first`;
      throw new VaultFileError("missing", message, { cause });
    }
    const message = `Cannot read vault file "${path}": check its permissions`;
    throw new VaultFileError("inaccessible", message, { cause });
  }
}
