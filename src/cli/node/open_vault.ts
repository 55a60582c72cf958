import { type NodeKey, nodeKeyFromSeed } from "@alknet/core";
import { ed25519HostKey, type HostKey } from "@alknet/ssh";
import {
  createVaultFile,
  dataKeyFromAgent,
  describeVaultFile,
  IDENTITY_PATH,
  type OpenVaultFile,
  openVaultFile,
  SSH_HOST_PATH,
  Vault,
  type VaultFileKey,
} from "@alknet/vault";
import { CliError, ExitCode } from "../errors.ts";
import { makePrivateDirectory, type Paths } from "../paths.ts";
import { askSecret, readSecret } from "../passphrase.ts";

/** How a person opens the vault; shared by all commands that need it. */
export interface VaultOptions {
  /** File descriptor to read the passphrase from. Default: key file, agent, then a prompt. */
  readonly passphraseFd?: number;
}

/** What opened a vault. */
export type VaultOpener = "new" | "key file" | "agent" | "passphrase";

/** An open vault file, and what opened it. */
export interface OpenedVault extends Disposable {
  readonly file: OpenVaultFile;
  readonly opener: VaultOpener;
}

/**
 * Opens the vault file: with the key file beside it, the agent, or a passphrase.
 *
 * @throws {CliError} When there is no vault.
 * @throws {WrongPassphraseError} When the passphrase is not the one.
 */
export async function openVault(paths: Paths, options: VaultOptions = {}): Promise<OpenedVault> {
  if (!await exists(paths.vault)) {
    throw new CliError(`No vault at ${paths.vault}: run "alknet init"`, ExitCode.Locked);
  }
  const { key, opener } = await keyOf(paths, options);
  try {
    return opened(await openVaultFile(paths.vault, key), opener);
  } finally {
    if ("passphrase" in key) key.passphrase.fill(0);
    if ("dataKey" in key) key.dataKey.fill(0);
  }
}

/** Opens the vault, or makes one sealed with a key file where there is none. */
export async function openOrCreateVault(
  paths: Paths,
  options: VaultOptions = {},
): Promise<OpenedVault> {
  if (await exists(paths.vault)) return await openVault(paths, options);
  await makePrivateDirectory(paths.data);
  return opened(await createVaultFile({ path: paths.vault }), "new");
}

/** The node's key, from the words in an open vault file. */
export async function nodeKeyOf(file: OpenVaultFile): Promise<NodeKey> {
  using vault = new Vault();
  await vault.unlock(file.mnemonic);
  using key = vault.deriveEd25519(IDENTITY_PATH);
  return await nodeKeyFromSeed(key.privateKey);
}

/** The key of the node's SSH server, from the same words. */
export async function sshHostKeyOf(file: OpenVaultFile): Promise<HostKey> {
  using vault = new Vault();
  await vault.unlock(file.mnemonic);
  using key = vault.deriveEd25519(SSH_HOST_PATH);
  return ed25519HostKey(key.privateKey);
}

/** Opens the vault just to take the node's key out. */
export async function readNodeKey(paths: Paths, options: VaultOptions = {}): Promise<NodeKey> {
  using vault = await openVault(paths, options);
  return await nodeKeyOf(vault.file);
}

/** Whether a file is there. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function keyOf(
  paths: Paths,
  { passphraseFd }: VaultOptions,
): Promise<{ key: VaultFileKey; opener: VaultOpener }> {
  if (passphraseFd !== undefined) {
    return { key: { passphrase: await readSecret(passphraseFd) }, opener: "passphrase" };
  }
  const { keyFile } = await describeVaultFile(paths.vault);
  if (keyFile) return { key: { keyFilePath: paths.vaultKey }, opener: "key file" };
  if (await exists(paths.agent)) {
    const dataKey = await dataKeyFromAgent(paths.agent).catch(() => undefined);
    if (dataKey) return { key: { dataKey }, opener: "agent" };
  }
  return { key: { passphrase: await askSecret("Vault passphrase") }, opener: "passphrase" };
}

function opened(file: OpenVaultFile, opener: VaultOpener): OpenedVault {
  return { file, opener, [Symbol.dispose]: () => file[Symbol.dispose]() };
}
