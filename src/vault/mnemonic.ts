import { sha256 } from "@noble/hashes/sha2.js";
import { wordlist } from "@scure/bip39/wordlists/english.js";

import { type Bytes, concat, copyOf, randomBytes, utf8, wipe } from "./bytes.ts";
import { MnemonicError } from "./errors.ts";
import { packBits, unpackBits, wordIndices, wordsOf } from "./mnemonic_words.ts";

/** Numbers of words that BIP-39 defines, for 128, 160, 192, 224 and 256 bits of entropy. */
export type WordCount = 12 | 15 | 18 | 21 | 24;

const WORD_COUNTS: readonly number[] = [12, 15, 18, 21, 24];
const ROUNDS = 2048;

/** Longest BIP-39 passphrase taken, in bytes. */
export const MAX_BIP39_PASSPHRASE_BYTES = 1024;

/**
 * Makes a new phrase from the system's random generator (BIP-39, English).
 *
 * @param wordCount How many words. Default 12.
 * @returns UTF-8 of the words with single spaces; the caller wipes it.
 * @throws {MnemonicError} For any other number of words.
 *
 * @example
 * ```ts
 * import { generateMnemonic, isValidMnemonic, wipe } from "@alknet/vault";
 * import { ok } from "node:assert/strict";
 *
 * const phrase = generateMnemonic(24);
 * ok(isValidMnemonic(phrase));
 * wipe(phrase);
 * ```
 */
export function generateMnemonic(wordCount: WordCount = 12): Uint8Array<ArrayBuffer> {
  if (!WORD_COUNTS.includes(wordCount)) throw wordCountError(wordCount);
  const entropy = randomBytes(wordCount * 4 / 3);
  try {
    return mnemonicFromEntropy(entropy);
  } finally {
    wipe(entropy);
  }
}

/**
 * Writes entropy as a phrase (BIP-39, "Generating the mnemonic").
 *
 * @param entropy 16, 20, 24, 28 or 32 bytes.
 * @returns UTF-8 of the words with single spaces; the caller wipes it.
 * @throws {MnemonicError} For another length.
 *
 * @example
 * ```ts
 * import { mnemonicFromEntropy } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * const phrase = new TextDecoder().decode(mnemonicFromEntropy(new Uint8Array(16)));
 * strictEqual(phrase.split(" ").at(-1), "about");
 * ```
 */
export function mnemonicFromEntropy(entropy: Uint8Array): Uint8Array<ArrayBuffer> {
  const wordCount = entropy.length * 3 / 4;
  if (!WORD_COUNTS.includes(wordCount)) {
    throw new MnemonicError(`Cannot make a phrase from ${entropy.length} bytes of entropy`);
  }
  const bits = concat(entropy, [checksum(entropy, wordCount)]);
  const indices = unpackBits(bits, wordCount);
  try {
    return wordsOf(indices, wordlist);
  } finally {
    wipe(bits, indices);
  }
}

/**
 * Reads the entropy out of a phrase and checks word list and checksum.
 *
 * @param mnemonic UTF-8; upper case, line breaks and repeated spaces are forgiven.
 * @returns The entropy; the caller wipes it.
 * @throws {MnemonicError} Saying what is wrong and at which word, without quoting the word.
 *
 * @example
 * ```ts
 * import { entropyFromMnemonic } from "@alknet/vault";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const phrase = new TextEncoder().encode("abandon ".repeat(11) + "about");
 * deepStrictEqual(entropyFromMnemonic(phrase), new Uint8Array(16));
 * ```
 */
export function entropyFromMnemonic(mnemonic: Uint8Array): Uint8Array<ArrayBuffer> {
  const indices = wordIndices(mnemonic);
  const bits = packBits(indices);
  const wordCount = indices.length;
  wipe(indices);
  try {
    if (!WORD_COUNTS.includes(wordCount)) throw wordCountError(wordCount);
    const entropy = bits.slice(0, wordCount * 4 / 3);
    if (checksum(entropy, wordCount) === bits.at(-1)) return entropy;
    wipe(entropy);
    throw new MnemonicError(
      "Cannot use the phrase: its checksum is wrong, so a word is wrong or out of order",
    );
  } finally {
    wipe(bits);
  }
}

/**
 * Whether `mnemonic` is a phrase of BIP-39 with English words and a right checksum.
 *
 * @example
 * ```ts
 * import { isValidMnemonic } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(isValidMnemonic(new TextEncoder().encode("abandon ".repeat(12))), false);
 * ```
 */
export function isValidMnemonic(mnemonic: Uint8Array): boolean {
  try {
    wipe(entropyFromMnemonic(mnemonic));
    return true;
  } catch (error) {
    if (error instanceof MnemonicError) return false;
    throw error;
  }
}

/**
 * The seed of a phrase (BIP-39, "From mnemonic to seed"): PBKDF2-HMAC-SHA512, 2,048 rounds.
 *
 * @param mnemonic UTF-8 of a valid phrase.
 * @param passphrase UTF-8 of the optional BIP-39 passphrase; every passphrase gives a valid seed.
 * @returns 64 bytes; the caller wipes them.
 * @throws {MnemonicError} For an invalid phrase, or a passphrase that is too long or not UTF-8.
 *
 * @example
 * ```ts
 * import { mnemonicToSeed } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * const phrase = new TextEncoder().encode("abandon ".repeat(11) + "about");
 * const seed = await mnemonicToSeed(phrase);
 * strictEqual(seed.toHex().slice(0, 16), "5eb00bbddcf06908");
 * ```
 */
export async function mnemonicToSeed(
  mnemonic: Uint8Array,
  passphrase: Uint8Array = new Uint8Array(),
): Promise<Uint8Array<ArrayBuffer>> {
  const password = canonicalMnemonic(mnemonic);
  try {
    const salt = saltOf(passphrase);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const algorithm = { name: "PBKDF2", hash: "SHA-512", salt, iterations: ROUNDS };
    const seed = new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 512));
    wipe(salt);
    return seed;
  } finally {
    wipe(password);
  }
}

/** The phrase as BIP-39 hashes it: lower case, single spaces. Throws where it is not valid. */
export function canonicalMnemonic(mnemonic: Uint8Array): Bytes {
  const entropy = entropyFromMnemonic(mnemonic);
  try {
    return mnemonicFromEntropy(entropy);
  } finally {
    wipe(entropy);
  }
}

/** The first `wordCount / 3` bits of SHA-256, at the top of one byte. */
function checksum(entropy: Uint8Array, wordCount: number): number {
  const mask = 0xff << (8 - wordCount / 3) & 0xff;
  return (sha256(entropy)[0] ?? 0) & mask;
}

function saltOf(passphrase: Uint8Array): Bytes {
  const normal = normalizePassphrase(passphrase);
  try {
    return concat(utf8("mnemonic"), normal);
  } finally {
    wipe(normal);
  }
}

/** NFKD. ASCII is its own normal form, so only other text passes through a string. */
function normalizePassphrase(passphrase: Uint8Array): Bytes {
  if (passphrase.length > MAX_BIP39_PASSPHRASE_BYTES) {
    throw new MnemonicError(
      `Cannot use the passphrase: it is longer than ${MAX_BIP39_PASSPHRASE_BYTES} bytes`,
    );
  }
  if (passphrase.every((byte) => byte < 0x80)) return copyOf(passphrase);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(passphrase);
    return utf8(text.normalize("NFKD"));
  } catch (cause) {
    throw new MnemonicError("Cannot use the passphrase: it is not valid UTF-8", { cause });
  }
}

function wordCountError(count: number): MnemonicError {
  return new MnemonicError(
    `Cannot use a phrase of ${count} words: 12, 15, 18, 21 or 24 are possible`,
  );
}
