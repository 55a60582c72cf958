import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import { formatDerivationPath } from "./derivation_path.ts";
import {
  DerivationPathError,
  devicePath,
  encryptionPath,
  HARDENED_OFFSET,
  KeyVersionError,
  MAX_PATH_DEPTH,
  parseDerivationPath,
} from "./mod.ts";

Deno.test("parseDerivationPath() reads what the reference reads", () => {
  deepStrictEqual(parseDerivationPath("m/74'/0'/0'/0'"), [2 ** 31 + 74, 2 ** 31, 2 ** 31, 2 ** 31]);
  const ethereum = [2 ** 31 + 44, 2 ** 31 + 60, 2 ** 31, 0, 0];
  deepStrictEqual(parseDerivationPath("m/44'/60'/0'/0/0"), ethereum);
  deepStrictEqual(parseDerivationPath("m"), []);
});

Deno.test("parseDerivationPath() refuses what the reference lets pass, and all other junk", () => {
  const wrong = [
    ...["", "/", "m/", "M/0", "74'/0'", "/m/0", " m/0", "m/0 ", "m//0", "m/0/", "mm/0", "m/m"],
    ...["m/0''", "m/0'h", "m/0hh", "m/0H", "m/'", "m/-1", "m/+1", "m/1.0", "m/1e3", "m/0x1"],
    ...["m/00", "m/01'", "m/2147483648", "m/2147483648'", "m/9999999999", "m/99999999999999999999"],
    ...[
      "m/٣",
      "m/0\n",
      "m/0\u0000",
      `m${"/0".repeat(MAX_PATH_DEPTH + 1)}`,
      "m/" + "0".repeat(99999),
    ],
  ];
  for (const path of wrong) throws(() => parseDerivationPath(path), DerivationPathError, path);
});

Deno.test("parseDerivationPath() inverts formatDerivationPath()", () => {
  const indices = fc.array(fc.nat({ max: 2 ** 32 - 1 }), { maxLength: MAX_PATH_DEPTH });
  fc.assert(fc.property(indices, (list) => {
    deepStrictEqual(parseDerivationPath(formatDerivationPath(list)), list);
    deepStrictEqual(parseDerivationPath(formatDerivationPath(list).replaceAll("'", "h")), list);
  }));
});

Deno.test("parseDerivationPath() throws its own error on any text", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `m/${text}`)), (text) => {
    try {
      parseDerivationPath(text);
    } catch (error) {
      return error instanceof DerivationPathError;
    }
  }));
});

Deno.test("encryptionPath() maps versions from 2 on and refuses others", () => {
  deepStrictEqual([2, 3, 4].map(encryptionPath), [
    "m/74'/2'/0'/0'",
    "m/74'/2'/0'/1'",
    "m/74'/2'/0'/2'",
  ]);
  for (const version of [0, 1, -1, 2.5, NaN, Infinity, HARDENED_OFFSET + 2]) {
    throws(() => encryptionPath(version), KeyVersionError);
  }
});

Deno.test("devicePath() refuses what is no index", () => {
  strictEqual(devicePath(HARDENED_OFFSET - 1), "m/74'/0'/0'/2147483647'");
  for (const n of [-1, 0.5, NaN, HARDENED_OFFSET]) throws(() => devicePath(n), DerivationPathError);
});
