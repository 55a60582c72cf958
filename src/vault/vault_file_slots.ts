import { dirname } from "node:path";

import { type Argon2Cost, DEFAULT_ARGON2_COST } from "./argon2.ts";
import { wipe } from "./bytes.ts";
import { DecryptionError } from "./errors.ts";
import { defaultKeyFilePath, readKeyFile } from "./key_file.ts";
import { checkPassphrase, openPart, unwrapWithKeyFile, wrapWithPassphrase } from "./key_slot.ts";
import { removeIfPresent, syncDirectory } from "./private_file.ts";
import type { KeyFileSlot, KeySlot, VaultDocument } from "./vault_document.ts";
import { unwrapDataKey, type VaultFileKey } from "./vault_file.ts";
import { KeyFileError, VaultFileError } from "./vault_file_errors.ts";
import { readVaultDocument, replaceVaultDocument } from "./vault_file_io.ts";

/** Options of {@linkcode upgradeToPassphrase}. */
export interface UpgradeToPassphraseOptions {
  /** The vault file. */
  readonly path: string;
  /** What opens it now. */
  readonly key: VaultFileKey;
  /** What alone opens it afterwards. */
  readonly passphrase: Uint8Array;
  /** The key file to remove. Default `path` + `.key`. */
  readonly keyFilePath?: string;
  /** Cost of one guess at the passphrase. Default 64 MiB, 3 passes, 4 lanes. */
  readonly argon2?: Argon2Cost;
}

/** Options of {@linkcode changePassphrase}. */
export interface ChangePassphraseOptions {
  /** The vault file. */
  readonly path: string;
  /** What opens it now. */
  readonly oldPassphrase: Uint8Array;
  /** What opens it afterwards. */
  readonly newPassphrase: Uint8Array;
  /** Cost of one guess at the new passphrase. Default 64 MiB, 3 passes, 4 lanes. */
  readonly argon2?: Argon2Cost;
}

/**
 * Makes a passphrase the only thing that opens a vault file: adds or replaces the passphrase slot and
 * removes the key file slot in one step, then removes the key file, if it is the one of this vault.
 *
 * A thief who copied both files before still has the phrase; only new words change that.
 *
 * @returns Whether a key file was removed.
 * @throws What {@linkcode openVaultFile} throws, and {@linkcode PassphraseLengthError}.
 *
 * @example
 * ```ts
 * import { createVaultFile, describeVaultFile, upgradeToPassphrase } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * const directory = await Deno.makeTempDir();
 * using file = await createVaultFile({ path: `${directory}/vault.json` });
 * const passphrase = new TextEncoder().encode("correct horse battery staple");
 * await upgradeToPassphrase({ path: file.path, key: { dataKey: file.dataKey }, passphrase });
 * strictEqual((await describeVaultFile(file.path)).keyFile, false);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function upgradeToPassphrase(options: UpgradeToPassphraseOptions): Promise<boolean> {
  const { path, key, passphrase, argon2 = DEFAULT_ARGON2_COST } = options;
  const before = await replacePassphraseSlot({ path, key, passphrase, argon2, keep: [] });
  const slot = before.slots.find((candidate) => candidate.type === "keyfile");
  return slot ? await removeKeyFile(slot, options.keyFilePath ?? defaultKeyFilePath(path)) : false;
}

/**
 * Replaces the passphrase of a vault file; the data key, and so a running agent, stay.
 *
 * @throws {WrongPassphraseError} Where the old passphrase does not fit.
 * @throws {PassphraseLengthError} For a new one that is empty or over 1,024 bytes.
 * @throws {VaultFileError} For everything that is wrong with the file itself.
 *
 * @example
 * ```ts
 * import { changePassphrase, createVaultFile, openVaultFile } from "@alknet/vault";
 *
 * const directory = await Deno.makeTempDir();
 * const [oldPassphrase, newPassphrase] = [new Uint8Array([111]), new Uint8Array([110])];
 * const path = `${directory}/vault.json`;
 * using _made = await createVaultFile({ path, passphrase: oldPassphrase });
 * await changePassphrase({ path, oldPassphrase, newPassphrase });
 * using _opened = await openVaultFile(path, { passphrase: newPassphrase });
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function changePassphrase(options: ChangePassphraseOptions): Promise<void> {
  const { path, oldPassphrase, newPassphrase, argon2 = DEFAULT_ARGON2_COST } = options;
  const key = { passphrase: oldPassphrase };
  await replacePassphraseSlot({ path, key, passphrase: newPassphrase, argon2, keep: ["keyfile"] });
}

interface Replacement {
  readonly path: string;
  readonly key: VaultFileKey;
  readonly passphrase: Uint8Array;
  readonly argon2: Argon2Cost;
  /** Other slots that stay. */
  readonly keep: readonly KeySlot["type"][];
}

/** Writes the file with a new passphrase slot; resolves with what it was before. */
async function replacePassphraseSlot(replacement: Replacement): Promise<VaultDocument> {
  const { path, key, passphrase, argon2 } = replacement;
  checkPassphrase(passphrase);
  const document = await readVaultDocument(path);
  const dataKey = await unwrapDataKey(document, key);
  try {
    await checkDataKey(document, dataKey);
    const slot = await wrapWithPassphrase(dataKey, passphrase, argon2);
    const kept = document.slots.filter(({ type }) => replacement.keep.includes(type));
    await replaceVaultDocument(path, { ...document, slots: [slot, ...kept] });
    return document;
  } finally {
    wipe(dataKey);
  }
}

/** Wrapping a key that does not open the record would lose the phrase for good. */
async function checkDataKey(document: VaultDocument, dataKey: Uint8Array): Promise<void> {
  try {
    wipe(await openPart("record/mnemonic", dataKey, document.mnemonic));
  } catch (cause) {
    if (!(cause instanceof DecryptionError)) throw cause;
    throw new VaultFileError(
      "undecryptable",
      "Cannot change the vault file: its phrase does not decrypt with this key",
      { cause },
    );
  }
}

/** Removes the key file after the vault file no longer needs it, unless it is of another vault. */
async function removeKeyFile(slot: KeyFileSlot, path: string): Promise<boolean> {
  if (!await fits(slot, path)) return false;
  const removed = await removeIfPresent(path);
  await syncDirectory(dirname(path));
  return removed;
}

async function fits(slot: KeyFileSlot, path: string): Promise<boolean> {
  try {
    const fileKey = await readKeyFile(path);
    wipe(await unwrapWithKeyFile(slot, fileKey).finally(() => wipe(fileKey)));
    return true;
  } catch (error) {
    if (error instanceof KeyFileError || error instanceof DecryptionError) return false;
    throw error;
  }
}
