import { deepStrictEqual, ok, rejects, strictEqual, throws } from "node:assert/strict";

import * as scure from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import fc from "fast-check";

import {
  entropyFromMnemonic,
  generateMnemonic,
  isValidMnemonic,
  MnemonicError,
  mnemonicFromEntropy,
  mnemonicToSeed,
} from "./mod.ts";
import { bytes, PHRASE } from "./testdata/known.ts";
import { vectorTest } from "./testdata/vectors.ts";

type Vector = readonly [entropy: string, mnemonic: string, seed: string, xprv: string];

vectorTest<{ english: Vector[] }>(
  "Mnemonics give every English vector of BIP-39",
  "bip39.json",
  async ({ english }) => {
    strictEqual(english.length, 24);
    for (const [entropy, mnemonic, seed] of english) {
      strictEqual(text(mnemonicFromEntropy(Uint8Array.fromHex(entropy))), mnemonic);
      strictEqual(entropyFromMnemonic(bytes(mnemonic)).toHex(), entropy);
      strictEqual((await mnemonicToSeed(bytes(mnemonic), bytes("TREZOR"))).toHex(), seed);
    }
  },
);

const ENTROPY = fc.constantFrom(16, 20, 24, 28, 32).chain((length) =>
  fc.uint8Array({ minLength: length, maxLength: length })
);

Deno.test("mnemonicFromEntropy() and entropyFromMnemonic() agree with @scure/bip39", () => {
  fc.assert(fc.property(ENTROPY, (entropy) => {
    const phrase = mnemonicFromEntropy(entropy);
    strictEqual(text(phrase), scure.entropyToMnemonic(entropy, wordlist));
    deepStrictEqual(entropyFromMnemonic(phrase), new Uint8Array(entropy));
  }));
});

Deno.test("mnemonicToSeed() agrees with @scure/bip39 on passphrases that need NFKD", async () => {
  const passphrase = fc.string({ unit: "grapheme", maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(passphrase, async (words) => {
      const expected = scure.mnemonicToSeedSync(PHRASE, words);
      deepStrictEqual(await mnemonicToSeed(bytes(PHRASE), bytes(words)), new Uint8Array(expected));
    }),
    { numRuns: 20, examples: [["ｅ́ﬀ①"], ["\ufeffx"]] },
  );
});

Deno.test("generateMnemonic() makes valid phrases of each length, and no other", () => {
  for (const count of [12, 15, 18, 21, 24] as const) {
    const phrase = text(generateMnemonic(count));
    strictEqual(phrase.split(" ").length, count);
    ok(scure.validateMnemonic(phrase, wordlist));
  }
  // @ts-expect-error A length that the type does not know either
  throws(() => generateMnemonic(13), MnemonicError);
});

Deno.test("entropyFromMnemonic() forgives case and white space, and nothing else", () => {
  const odd = `\n ${PHRASE.toUpperCase().replaceAll(" ", " \t\r\n ")} \n`;
  deepStrictEqual(entropyFromMnemonic(bytes(odd)), new Uint8Array(16));
  const wrong = ["", PHRASE + " about", "abandon ".repeat(12), PHRASE + "!", "aba\u0301ndon"];
  for (const phrase of [...wrong, PHRASE.replace(" ", ","), "x".repeat(2000), PHRASE.repeat(9)]) {
    throws(() => entropyFromMnemonic(bytes(phrase)), MnemonicError);
  }
});

Deno.test("A phrase with one word replaced passes no oftener than in the library", () => {
  const replaced = fc.tuple(ENTROPY, fc.nat({ max: 23 }), fc.nat({ max: 2047 }));
  fc.assert(fc.property(replaced, ([entropy, at, word]) => {
    const words = scure.entropyToMnemonic(entropy, wordlist).split(" ");
    words[at % words.length] = wordlist[word] ?? "";
    const phrase = words.join(" ");
    strictEqual(isValidMnemonic(bytes(phrase)), scure.validateMnemonic(phrase, wordlist));
  }));
});

Deno.test("entropyFromMnemonic() throws its own error on garbage, without quoting it", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
    throws(() => entropyFromMnemonic(garbage), MnemonicError);
  }));
  throws(
    () => entropyFromMnemonic(bytes(PHRASE.replace("about", "sesame"))),
    (error: Error) => /word 12 /.test(error.message) && !error.message.includes("sesame"),
  );
});

Deno.test("mnemonicToSeed() refuses a passphrase that is not UTF-8 or too long", async () => {
  for (const passphrase of [new Uint8Array([0xff]), new Uint8Array(1025)]) {
    await rejects(mnemonicToSeed(bytes(PHRASE), passphrase), MnemonicError);
  }
});

function text(utf8: Uint8Array): string {
  return new TextDecoder().decode(utf8);
}
