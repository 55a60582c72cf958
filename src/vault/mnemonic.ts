import { sha256 } from "@noble/hashes/sha2.js";

import { type Bytes, concat, randomBytes, wipe } from "./bytes.ts";
import { MnemonicError } from "./errors.ts";
import { packBits, unpackBits, wordIndices, wordsOf } from "./mnemonic_words.ts";

/** Numbers of words that BIP-39 defines, for 128, 160, 192, 224 and 256 bits of entropy. */
export type WordCount = 12 | 15 | 18 | 21 | 24;

const WORD_COUNTS: readonly number[] = [12, 15, 18, 21, 24];

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
    return wordsOf(indices);
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

function wordCountError(count: number): MnemonicError {
  return new MnemonicError(
    `Cannot use a phrase of ${count} words: 12, 15, 18, 21 or 24 are possible`,
  );
}
