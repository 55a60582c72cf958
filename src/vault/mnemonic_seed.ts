import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { sha512 } from "@noble/hashes/sha2.js";

import { type Bytes, concat, copyOf, utf8, wipe } from "./bytes.ts";
import { MnemonicError } from "./errors.ts";
import { canonicalMnemonic } from "./mnemonic.ts";

/** Longest BIP-39 passphrase taken, in bytes. */
export const MAX_BIP39_PASSPHRASE_BYTES = 1024;

const ROUNDS = 2048;
const SEED_BYTES = 64;

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
    // Not WebCrypto: it is faster, but a CryptoKey leaves a copy of the phrase that nobody can wipe.
    const seed = await pbkdf2Async(sha512, password, salt, { c: ROUNDS, dkLen: SEED_BYTES });
    wipe(salt);
    return copyAndWipe(seed);
  } finally {
    wipe(password);
  }
}

function copyAndWipe(bytes: Uint8Array): Bytes {
  const copy = copyOf(bytes);
  wipe(bytes);
  return copy;
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
