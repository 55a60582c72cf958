import { type Argon2Cost, DEFAULT_ARGON2_COST } from "./argon2.ts";
import { type Bytes, copyOf, randomBytes, utf8, wipe } from "./bytes.ts";
import { DecryptionError } from "./errors.ts";
import { createOrReuseKeyFile, defaultKeyFilePath, readKeyFile } from "./key_file.ts";
import {
  checkPassphrase,
  openPart,
  sealPart,
  unwrapWithKeyFile,
  unwrapWithPassphrase,
  wrapWithKeyFile,
  wrapWithPassphrase,
} from "./key_slot.ts";
import { canonicalMnemonic, generateMnemonic, type WordCount } from "./mnemonic.ts";
import { OpenVaultFile } from "./open_vault_file.ts";
import { createFile } from "./private_file.ts";
import {
  DATA_KEY_BYTES,
  formatVaultDocument,
  type KeySlot,
  type VaultDocument,
} from "./vault_document.ts";
import { VaultFileError, WrongPassphraseError } from "./vault_file_errors.ts";
import { readVaultDocument, vaultFileExists } from "./vault_file_io.ts";

/** Options of {@linkcode createVaultFile}. */
export interface CreateVaultFileOptions {
  /** Where; its directory has to exist. */
  readonly path: string;
  /** UTF-8 of a phrase to keep. Default: a new one. */
  readonly mnemonic?: Uint8Array;
  /** Words of a new phrase. Default 12. */
  readonly wordCount?: WordCount;
  /** What opens the file. Default: a key file beside it, made here. */
  readonly passphrase?: Uint8Array;
  /** Path of the key file. Default `path` + `.key`; without meaning beside a passphrase. */
  readonly keyFilePath?: string;
  /** Cost of one guess at the passphrase. Default 64 MiB, 3 passes, 4 lanes. */
  readonly argon2?: Argon2Cost;
}

/** What opens a vault file: one of its two slots, or the data key itself. */
export type VaultFileKey =
  | { readonly passphrase: Uint8Array }
  | { readonly keyFilePath: string }
  | { readonly dataKey: Uint8Array };

/** What a vault file tells without being opened. */
export interface VaultFileDescription {
  /** Whether a passphrase opens it. */
  readonly passphrase: boolean;
  /** Whether a key file opens it. */
  readonly keyFile: boolean;
  /** Cost of one guess, where there is a passphrase. */
  readonly argon2?: Argon2Cost;
}

/**
 * Makes a vault file, mode 0600, and never replaces one.
 *
 * @returns The file, opened; a new phrase is in it for the owner to write down.
 * @throws {VaultFileError} Where there is a file already, or the directory cannot be written.
 * @throws {MnemonicError} For an invalid phrase.
 * @throws {PassphraseLengthError} For an empty passphrase or one over 1,024 bytes.
 * @throws {KeyFileError} Where the key file can be neither made nor used.
 *
 * @example
 * ```ts
 * import { createVaultFile, openVaultFile } from "@alknet/vault";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const directory = await Deno.makeTempDir();
 * const path = `${directory}/vault.json`;
 * using made = await createVaultFile({ path });
 * using opened = await openVaultFile(path, { keyFilePath: `${path}.key` });
 * deepStrictEqual(opened.mnemonic, made.mnemonic);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function createVaultFile(options: CreateVaultFileOptions): Promise<OpenVaultFile> {
  const { path } = options;
  if (await vaultFileExists(path)) throw existsError(path);
  const mnemonic = options.mnemonic
    ? canonicalMnemonic(options.mnemonic)
    : generateMnemonic(options.wordCount);
  const file = new OpenVaultFile(path, mnemonic, randomBytes(DATA_KEY_BYTES));
  try {
    const slot = await firstSlot(options, file.dataKey);
    const record = await sealPart("record/mnemonic", file.dataKey, mnemonic);
    await writeNew(path, { slots: [slot], mnemonic: record });
    return file;
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/**
 * Opens a vault file.
 *
 * @throws {WrongPassphraseError} Where the passphrase does not fit.
 * @throws {KeyFileError} For a key file that is missing, malformed or readable by others.
 * @throws {VaultFileError} For everything that is wrong with the file itself.
 *
 * @example
 * ```ts
 * import { openVaultFile, VaultFileError } from "@alknet/vault";
 * import { rejects } from "node:assert/strict";
 *
 * await rejects(openVaultFile("/nowhere", { dataKey: new Uint8Array(32) }), VaultFileError);
 * ```
 */
export async function openVaultFile(path: string, key: VaultFileKey): Promise<OpenVaultFile> {
  const document = await readVaultDocument(path);
  const dataKey = await unwrapDataKey(document, key);
  try {
    const mnemonic = await openPart("record/mnemonic", dataKey, document.mnemonic);
    return new OpenVaultFile(path, checkedMnemonic(mnemonic), dataKey);
  } catch (error) {
    wipe(dataKey);
    throw explain(error, "its phrase does not decrypt");
  }
}

/**
 * Tells which slots a vault file has, without opening it.
 *
 * @throws {VaultFileError} For a file that is none.
 *
 * @example
 * ```ts
 * import { createVaultFile, describeVaultFile } from "@alknet/vault";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const directory = await Deno.makeTempDir();
 * using file = await createVaultFile({ path: `${directory}/vault.json` });
 * deepStrictEqual(await describeVaultFile(file.path), { passphrase: false, keyFile: true });
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function describeVaultFile(path: string): Promise<VaultFileDescription> {
  const { slots } = await readVaultDocument(path);
  const passphrase = slots.find((slot) => slot.type === "passphrase");
  const keyFile = slots.some((slot) => slot.type === "keyfile");
  return passphrase
    ? { passphrase: true, keyFile, argon2: passphrase.cost }
    : { passphrase: false, keyFile };
}

/** The data key by whatever `key` is; the caller wipes it. */
export async function unwrapDataKey(document: VaultDocument, key: VaultFileKey): Promise<Bytes> {
  if ("dataKey" in key) return givenDataKey(key.dataKey);
  if ("passphrase" in key) return await byPassphrase(document, key.passphrase);
  return await byKeyFile(document, key.keyFilePath);
}

function givenDataKey(dataKey: Uint8Array): Bytes {
  if (dataKey.length === DATA_KEY_BYTES) return copyOf(dataKey);
  throw new VaultFileError(
    "undecryptable",
    `Cannot open the vault file: a data key has ${DATA_KEY_BYTES} bytes`,
  );
}

async function byPassphrase({ slots }: VaultDocument, passphrase: Uint8Array): Promise<Bytes> {
  const slot = slots.find((candidate) => candidate.type === "passphrase");
  if (!slot) throw slotError("passphrase", "open it with its key file");
  try {
    return await unwrapWithPassphrase(slot, passphrase);
  } catch (cause) {
    if (!(cause instanceof DecryptionError)) throw cause;
    throw new WrongPassphraseError("Cannot open the vault file: wrong passphrase", { cause });
  }
}

async function byKeyFile({ slots }: VaultDocument, keyFilePath: string): Promise<Bytes> {
  const slot = slots.find((candidate) => candidate.type === "keyfile");
  if (!slot) throw slotError("key file", "open it with its passphrase");
  const fileKey = await readKeyFile(keyFilePath);
  try {
    return await unwrapWithKeyFile(slot, fileKey);
  } catch (error) {
    throw explain(error, `key file "${keyFilePath}" does not fit`);
  } finally {
    wipe(fileKey);
  }
}

async function firstSlot(
  { path, passphrase, keyFilePath, argon2 }: CreateVaultFileOptions,
  dataKey: Uint8Array,
): Promise<KeySlot> {
  if (passphrase) {
    checkPassphrase(passphrase);
    return await wrapWithPassphrase(dataKey, passphrase, argon2 ?? DEFAULT_ARGON2_COST);
  }
  const fileKey = await createOrReuseKeyFile(keyFilePath ?? defaultKeyFilePath(path));
  try {
    return await wrapWithKeyFile(dataKey, fileKey);
  } finally {
    wipe(fileKey);
  }
}

async function writeNew(path: string, document: VaultDocument): Promise<void> {
  try {
    await createFile(path, utf8(formatVaultDocument(document)));
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) throw existsError(path);
    throw new VaultFileError("inaccessible", `Cannot write vault file "${path}"`, { cause });
  }
}

/** A record that decrypts to something else than a phrase was made by another program. */
function checkedMnemonic(mnemonic: Bytes): Bytes {
  try {
    return canonicalMnemonic(mnemonic);
  } finally {
    wipe(mnemonic);
  }
}

function explain(cause: unknown, detail: string): VaultFileError {
  const message = `Cannot open the vault file: ${detail}: the file is damaged, or the key is of ` +
    "another vault: restore both from a backup, or make the vault again from the words";
  return new VaultFileError("undecryptable", message, { cause });
}

function slotError(kind: string, advice: string): VaultFileError {
  return new VaultFileError(
    "no-slot",
    `Cannot open the vault file: no ${kind} opens it: ${advice}`,
  );
}

function existsError(path: string): VaultFileError {
  return new VaultFileError(
    "exists",
    `Cannot create vault file "${path}": there is one: move it away or choose another path`,
  );
}
