import fc from "fast-check";
import { deepStrictEqual, throws } from "node:assert/strict";

import { CliError } from "../errors.ts";
import { quoteWord, splitWords } from "./words.ts";

const LINES: readonly (readonly [string, readonly string[]])[] = [
  ["get a b", ["get", "a", "b"]],
  ["  get\t a  ", ["get", "a"]],
  [`get "a b" 'c "d'`, ["get", "a b", `c "d`]],
  [String.raw`get a\ b \"c \\d`, ["get", "a b", `"c`, String.raw`\d`]],
  [`get ""`, ["get", ""]],
  ["# get a", []],
  ["get #a", ["get", "#a"]],
  ["", []],
];

for (const [line, words] of LINES) {
  Deno.test(`splitWords() splits ${JSON.stringify(line)}`, () => {
    deepStrictEqual(splitWords(line), words);
  });
}

Deno.test("splitWords() reads what quoteWord() wrote as one word", () => {
  fc.assert(fc.property(fc.string(), (word) => {
    deepStrictEqual(splitWords(`get ${quoteWord(word)}`), ["get", word]);
  }));
});

Deno.test("splitWords() refuses a quotation mark that is not closed", () => {
  throws(() => splitWords(`get "a`), CliError);
});
