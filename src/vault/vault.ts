import { CURRENT_KEY_VERSION, openBlob, sealBlob } from "./blob_cipher.ts";
import { type Bytes, wipe } from "./bytes.ts";
import {
  encryptionPath,
  ETHEREUM_PATH,
  formatDerivationPath,
  MIN_KEY_VERSION,
  parseDerivationPath,
} from "./derivation_path.ts";
import { DerivedKey, type KeyType } from "./derived_key.ts";
import { decodeEncryptedData, encodeEncryptedData, type EncryptedData } from "./encrypted_data.ts";
import { KeyVersionError, VaultAlreadyUnlockedError, VaultLockedError } from "./errors.ts";
import { KeyCache } from "./key_cache.ts";
import { generateMnemonic, type WordCount } from "./mnemonic.ts";
import { mnemonicToSeed } from "./mnemonic_seed.ts";
import { deriveSlip10, type Slip10Curve, slip10PublicKey } from "./slip10.ts";

/** Options of {@linkcode Vault}. */
export interface VaultOptions {
  /** How long a derived key stays cached, in milliseconds. Default one hour. */
  readonly cacheTtlMs?: number;
  /** Most cached keys; the least recently used goes first. Default 64. */
  readonly cacheMaxEntries?: number;
  /** Milliseconds that never go backwards. Default `performance.now`. */
  readonly now?: () => number;
}

/** Options of {@linkcode Vault.encrypt}. */
export interface EncryptOptions {
  /** What the secret is for; from version 3 on a blob opens under its own provider only. */
  readonly provider: string;
  /** Key version. Default 3; 2 makes a blob for programs that read nothing newer. */
  readonly keyVersion?: number;
}

/** Options of {@linkcode Vault.decrypt}. */
export interface DecryptOptions {
  /** What the secret was encrypted for. */
  readonly provider: string;
  /** Oldest key version to accept. Default 2; 3 refuses blobs that do not name their provider. */
  readonly minKeyVersion?: number;
}

/** Options of {@linkcode Vault.rotate}. */
export interface RotateOptions extends DecryptOptions {
  /** Key version of the new blob. */
  readonly toVersion: number;
}

const CACHE_TTL_MS = 3_600_000;
const CACHE_MAX_ENTRIES = 64;

/**
 * Keys and encryption from one BIP-39 seed, in this process only.
 *
 * ```
 *            unlock, unlockNew
 *   locked ───────────────────► unlocked     holds the seed and derived keys; never the phrase
 *          ◄───────────────────              a failing call changes nothing
 *            lock: seed and cache become zeros
 * ```
 *
 * @example
 * ```ts
 * import { IDENTITY_PATH, Vault } from "@alknet/vault";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * using vault = new Vault();
 * await vault.unlock(new TextEncoder().encode("abandon ".repeat(11) + "about"));
 * using identity = vault.deriveEd25519(IDENTITY_PATH);
 * strictEqual(identity.publicKey.toHex().slice(0, 8), "e78c2766");
 *
 * const token = new TextEncoder().encode("sk-proj-abc123");
 * const blob = await vault.encrypt(token, { provider: "openai" });
 * deepStrictEqual(await vault.decrypt(blob, { provider: "openai" }), token);
 * ```
 */
export class Vault implements Disposable {
  readonly #cache: KeyCache;
  #seed: Bytes | undefined;
  /** Made by each unlock and dropped by lock, so that an unlock overtaken by a lock stays locked. */
  #attempt: symbol | undefined;

  /** Makes a locked vault. */
  constructor(options: VaultOptions = {}) {
    this.#cache = new KeyCache({
      ttlMs: options.cacheTtlMs ?? CACHE_TTL_MS,
      maxEntries: options.cacheMaxEntries ?? CACHE_MAX_ENTRIES,
      now: options.now ?? (() => performance.now()),
    });
  }

  /** Whether the seed is present. */
  get isUnlocked(): boolean {
    return this.#seed !== undefined;
  }

  /**
   * Takes the seed of a phrase. The phrase itself is not kept; the caller wipes both arrays.
   *
   * @param mnemonic UTF-8 of a BIP-39 phrase.
   * @param passphrase UTF-8 of the BIP-39 passphrase. Default none.
   * @throws {MnemonicError} For an invalid phrase or passphrase.
   * @throws {VaultAlreadyUnlockedError} While unlocked or unlocking.
   * @throws {VaultLockedError} If `lock` was called meanwhile.
   */
  async unlock(mnemonic: Uint8Array, passphrase?: Uint8Array): Promise<void> {
    if (this.#attempt) {
      throw new VaultAlreadyUnlockedError("Cannot unlock the vault: it is unlocked");
    }
    const attempt = Symbol("unlock");
    this.#attempt = attempt;
    try {
      const seed = await mnemonicToSeed(mnemonic, passphrase);
      if (this.#attempt !== attempt) {
        wipe(seed);
        throw new VaultLockedError("Cannot unlock the vault: it was locked meanwhile");
      }
      this.#seed = seed;
    } catch (error) {
      if (this.#attempt === attempt) this.#attempt = undefined;
      throw error;
    }
  }

  /**
   * Unlocks with a phrase that nobody had before.
   *
   * @param wordCount Default 12.
   * @returns UTF-8 of the phrase, the only copy: the caller keeps it safe, then wipes it.
   * @throws {VaultAlreadyUnlockedError} While unlocked or unlocking.
   */
  async unlockNew(wordCount: WordCount = 12): Promise<Uint8Array<ArrayBuffer>> {
    const mnemonic = generateMnemonic(wordCount);
    try {
      await this.unlock(mnemonic);
      return mnemonic;
    } catch (error) {
      wipe(mnemonic);
      throw error;
    }
  }

  /** Wipes the seed and every cached key; keys handed out before stay with their owners. */
  lock(): void {
    if (this.#seed) wipe(this.#seed);
    this.#seed = undefined;
    this.#attempt = undefined;
    this.#cache.clear();
  }

  /**
   * Derives an Ed25519 key by SLIP-0010; the private key is the seed of RFC 8032.
   *
   * @param path Hardened steps only.
   * @returns A key that the caller wipes.
   * @throws {VaultLockedError} While locked.
   * @throws {DerivationPathError} For a malformed or unhardened path.
   */
  deriveEd25519(path: string): DerivedKey {
    return this.#derive("ed25519", "ed25519", path);
  }

  /**
   * Derives a secp256k1 key by SLIP-0010, which is BIP-32 on this curve.
   *
   * @returns A key that the caller wipes.
   * @throws {VaultLockedError} While locked.
   * @throws {DerivationPathError} For a malformed path.
   */
  deriveSecp256k1(path: string): DerivedKey {
    return this.#derive("secp256k1", "secp256k1", path);
  }

  /**
   * Derives a P-256 key by SLIP-0010.
   *
   * @returns A key that the caller wipes.
   * @throws {VaultLockedError} While locked.
   * @throws {DerivationPathError} For a malformed path.
   */
  deriveP256(path: string): DerivedKey {
    return this.#derive("p256", "nist256p1", path);
  }

  /**
   * Derives the key of an Ethereum account.
   *
   * @param path Default the first account of BIP-44.
   * @returns A secp256k1 key that the caller wipes.
   * @throws {VaultLockedError} While locked.
   * @throws {DerivationPathError} For a malformed path.
   */
  deriveEthereumKey(path: string = ETHEREUM_PATH): DerivedKey {
    return this.deriveSecp256k1(path);
  }

  /**
   * Derives the AES-256-GCM key of one key version.
   *
   * @param version 2 or more.
   * @returns A key without a public half, that the caller wipes.
   * @throws {VaultLockedError} While locked.
   * @throws {KeyVersionError} For a version without a path.
   */
  deriveEncryptionKey(version: number): DerivedKey {
    return this.#derive("aes-256-gcm", "ed25519", encryptionPath(version));
  }

  /**
   * Encrypts a secret for a store.
   *
   * @param plaintext At most 1 MiB; the caller wipes it.
   * @returns JSON of the frozen format.
   * @throws {VaultLockedError} While locked.
   * @throws {KeyVersionError} For a version without a path.
   * @throws {ProviderNameError} For a provider that is empty, over 255 bytes or not Unicode.
   * @throws {PlaintextTooLargeError} For more plaintext.
   */
  async encrypt(plaintext: Uint8Array, options: EncryptOptions): Promise<EncryptedData> {
    const { provider, keyVersion = CURRENT_KEY_VERSION } = options;
    using key = this.deriveEncryptionKey(keyVersion);
    const context = { key: key.privateKey, keyVersion, provider };
    return encodeEncryptedData(await sealBlob(context, plaintext));
  }

  /**
   * Decrypts a blob under the key of its own version.
   *
   * @param blob Checked as if it came from a stranger, as it does.
   * @returns The plaintext, that the caller wipes.
   * @throws {VaultLockedError} While locked.
   * @throws {EncryptedDataError} For something that is not a blob.
   * @throws {KeyVersionError} For version 1, or one below `minKeyVersion`.
   * @throws {DecryptionError} For another seed, another provider or changed bytes.
   */
  async decrypt(blob: EncryptedData, options: DecryptOptions): Promise<Uint8Array<ArrayBuffer>> {
    const { provider, minKeyVersion = MIN_KEY_VERSION } = options;
    const parts = decodeEncryptedData(blob);
    const { keyVersion } = parts;
    if (keyVersion < minKeyVersion) {
      throw new KeyVersionError(
        `Cannot decrypt key version ${keyVersion}: version ${minKeyVersion} or later is wanted`,
      );
    }
    using key = this.deriveEncryptionKey(keyVersion);
    return await openBlob({ key: key.privateKey, keyVersion, provider }, parts);
  }

  /**
   * Decrypts a blob and encrypts it under another key version. The caller replaces the stored blob;
   * the old one stays readable, so an interrupted rotation loses nothing.
   *
   * @throws What {@linkcode Vault.decrypt} and {@linkcode Vault.encrypt} throw.
   */
  async rotate(blob: EncryptedData, options: RotateOptions): Promise<EncryptedData> {
    const plaintext = await this.decrypt(blob, options);
    try {
      const { provider, toVersion } = options;
      return await this.encrypt(plaintext, { provider, keyVersion: toVersion });
    } finally {
      wipe(plaintext);
    }
  }

  /** Locks. */
  [Symbol.dispose](): void {
    this.lock();
  }

  #derive(keyType: KeyType, curve: Slip10Curve, path: string): DerivedKey {
    const seed = this.#seed;
    if (!seed) throw new VaultLockedError("Cannot derive a key: the vault is locked");
    const canonical = formatDerivationPath(parseDerivationPath(path));
    const cached = this.#cache.find(keyType, canonical);
    if (cached) return new DerivedKey(keyType, cached.privateKey, cached.publicKey);
    const { privateKey, chainCode } = deriveSlip10(curve, seed, canonical);
    const publicKey = keyType === "aes-256-gcm"
      ? new Uint8Array()
      : slip10PublicKey(curve, privateKey);
    this.#cache.add(canonical, new DerivedKey(keyType, privateKey, publicKey));
    const key = new DerivedKey(keyType, privateKey, publicKey);
    wipe(privateKey, chainCode);
    return key;
  }
}
