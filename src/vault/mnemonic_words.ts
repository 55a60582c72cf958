/**
 * Phrases as bytes. The library for BIP-39 works on strings, and a JavaScript string cannot be wiped;
 * so its word list is used, and the words are looked up here without ever becoming strings.
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";

import { type Bytes, concat, utf8 } from "./bytes.ts";
import { MnemonicError } from "./errors.ts";

const BITS_PER_WORD = 11;
const MAX_WORDS = 24;
const MAX_WORD_LETTERS = 8;

/** Longest text taken for a phrase, in bytes: 24 words and some forgiven white space. */
const MAX_TEXT_BYTES = 1024;

const INDEX_BY_CODE: ReadonlyMap<number, number> = new Map(
  wordlist.map((word, index) => [[...utf8(word)].reduce(appendLetter, 0), index]),
);

/** Indices into the word list, in order. */
export function wordIndices(text: Uint8Array): Uint16Array<ArrayBuffer> {
  if (text.length > MAX_TEXT_BYTES) {
    throw new MnemonicError(`Cannot read the phrase: it is longer than ${MAX_TEXT_BYTES} bytes`);
  }
  const indices = new Uint16Array(MAX_WORDS);
  let count = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && !isSpace(text[at])) continue;
    if (at > start) {
      if (count === MAX_WORDS) {
        throw new MnemonicError(`Cannot read the phrase: it has more than ${MAX_WORDS} words`);
      }
      indices[count++] = indexOfWord(text.subarray(start, at), count);
    }
    start = at + 1;
  }
  return indices.slice(0, count);
}

/** The words of `indices` with single spaces between them. */
export function wordsOf(indices: Uint16Array): Bytes {
  const parts = [...indices].flatMap((index) => [SPACE, utf8(wordlist[index] ?? "")]);
  return concat(...parts.slice(1));
}

/** Writes 11 bits for each index, most significant first; spare bits at the end are zero. */
export function packBits(indices: Uint16Array): Bytes {
  const bits = new Uint8Array(Math.ceil(indices.length * BITS_PER_WORD / 8));
  for (let bit = 0; bit < indices.length * BITS_PER_WORD; bit++) {
    const index = indices[Math.floor(bit / BITS_PER_WORD)] ?? 0;
    const value = index >> (BITS_PER_WORD - 1 - bit % BITS_PER_WORD) & 1;
    bits[bit >> 3] = (bits[bit >> 3] ?? 0) | value << (7 - bit % 8);
  }
  return bits;
}

/** The inverse of {@linkcode packBits}. */
export function unpackBits(bits: Uint8Array, wordCount: number): Uint16Array<ArrayBuffer> {
  const indices = new Uint16Array(wordCount);
  for (let bit = 0; bit < wordCount * BITS_PER_WORD; bit++) {
    const at = Math.floor(bit / BITS_PER_WORD);
    const value = (bits[bit >> 3] ?? 0) >> (7 - bit % 8) & 1;
    indices[at] = (indices[at] ?? 0) << 1 | value;
  }
  return indices;
}

const SPACE: Bytes = utf8(" ");

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function indexOfWord(word: Uint8Array, position: number): number {
  const code = word.length > MAX_WORD_LETTERS ? 0 : word.reduce(appendLetter, 0);
  const index = INDEX_BY_CODE.get(code);
  if (index === undefined) {
    throw new MnemonicError(
      `Cannot read the phrase: word ${position} is not in the English list of BIP-39`,
    );
  }
  return index;
}

/** Packs a letter of either case into a number: eight letters of five bits are exact in a double. */
function appendLetter(code: number, byte: number): number {
  const letter = (byte | 0x20) - 0x60;
  return letter >= 1 && letter <= 26 && byte < 0x80 && byte > 0x40 ? code * 32 + letter : NaN;
}
