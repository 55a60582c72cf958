/**
 * Keys from twelve words: BIP-39, strict SLIP-0010, encryption of stored secrets, the vault file and
 * the agent that keeps it open.
 *
 * ```ts
 * import { IDENTITY_PATH, Vault } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * using vault = new Vault();
 * await vault.unlock(new TextEncoder().encode("abandon ".repeat(11) + "about"));
 *
 * using identity = vault.deriveEd25519(IDENTITY_PATH);
 * strictEqual(identity.publicKey.toHex().slice(0, 16), "e78c2766a792f09b");
 *
 * const blob = await vault.encrypt(new TextEncoder().encode("token"), { provider: "github" });
 * strictEqual(blob.key_version, 3);
 * ```
 *
 * Whoever makes a secret array wipes it ({@linkcode wipe}); what this package returns belongs to the
 * caller, what it is given stays the caller's.
 *
 * @module
 */
export { type AgentClientOptions, dataKeyFromAgent } from "./agent_client.ts";
export { type AgentKey, agentKeys } from "./agent_keys_client.ts";
export {
  AgentProtocolError,
  AgentRefusedError,
  AgentSocketError,
  AgentUnavailableError,
} from "./agent_errors.ts";
export { serveVaultAgent, type VaultAgent, type VaultAgentOptions } from "./agent_server.ts";
export { type Argon2Cost, DEFAULT_ARGON2_COST, MAX_ARGON2_COST } from "./argon2.ts";
export { CURRENT_KEY_VERSION, MAX_PROVIDER_BYTES } from "./blob_cipher.ts";
export { wipe } from "./bytes.ts";
export {
  devicePath,
  encryptionPath,
  ETHEREUM_PATH,
  HARDENED_OFFSET,
  IDENTITY_PATH,
  MAX_PATH_DEPTH,
  MIN_KEY_VERSION,
  parseDerivationPath,
  SSH_HOST_PATH,
} from "./derivation_path.ts";
export { DerivedKey, type KeyType, type RedactedKey } from "./derived_key.ts";
export { type Ed25519Signer, ed25519Signer } from "./ed25519_signer.ts";
export { type EncryptedData, MAX_PLAINTEXT_BYTES, parseEncryptedData } from "./encrypted_data.ts";
export {
  type Blame,
  DecryptionError,
  DerivationPathError,
  EncryptedDataError,
  KeyDisposedError,
  KeyTypeError,
  KeyVersionError,
  MnemonicError,
  PlaintextTooLargeError,
  ProviderNameError,
  SeedError,
  VaultAlreadyUnlockedError,
  VaultLockedError,
} from "./errors.ts";
export { MAX_PASSPHRASE_BYTES } from "./key_slot.ts";
export {
  entropyFromMnemonic,
  generateMnemonic,
  isValidMnemonic,
  mnemonicFromEntropy,
  type WordCount,
} from "./mnemonic.ts";
export { MAX_BIP39_PASSPHRASE_BYTES, mnemonicToSeed } from "./mnemonic_seed.ts";
export { OpenVaultFile } from "./open_vault_file.ts";
export { readSecretFromFd, SecretInputError } from "./secret_input.ts";
export { deriveSlip10, type ExtendedKey, type Slip10Curve, slip10PublicKey } from "./slip10.ts";
export {
  type DecryptOptions,
  type EncryptOptions,
  type RotateOptions,
  Vault,
  type VaultOptions,
} from "./vault.ts";
export {
  createVaultFile,
  type CreateVaultFileOptions,
  describeVaultFile,
  openVaultFile,
  type VaultFileDescription,
  type VaultFileKey,
} from "./vault_file.ts";
export {
  Argon2CostError,
  KeyFileError,
  PassphraseLengthError,
  VaultFileError,
  type VaultFileFault,
  WrongPassphraseError,
} from "./vault_file_errors.ts";
export {
  changePassphrase,
  type ChangePassphraseOptions,
  upgradeToPassphrase,
  type UpgradeToPassphraseOptions,
} from "./vault_file_slots.ts";
