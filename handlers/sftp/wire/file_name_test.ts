import fc from "fast-check";
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";

import { anyText } from "../../../tests/tools/any_text.ts";
import { decodeName, encodeName, isPlainName } from "./file_name.ts";
import { WireError } from "./wire_error.ts";

Deno.test("encodeName() makes of what decodeName() made the same bytes, whatever they are", () => {
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    anyText().map((text) => new TextEncoder().encode(text.toWellFormed())),
  );
  const bytes = fc.array(pieces, { maxLength: 4 })
    .map((parts) => new Uint8Array(parts.flatMap((part) => [...part])));
  fc.assert(
    fc.property(bytes, (name) => deepStrictEqual(encodeName(decodeName(name)), name)),
    { numRuns: 2_000 },
  );
});

Deno.test("decodeName() leaves every well-formed text as it is", () => {
  fc.assert(fc.property(anyText(), (text) => {
    const name = text.toWellFormed();
    strictEqual(decodeName(new TextEncoder().encode(name)), name);
    strictEqual(isPlainName(name), true);
  }));
});

for (
  const [what, bytes] of [
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xb2, 0x80]],
    ["a cut-off character", [0x61, 0xe2, 0x82]],
    ["a character above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["ISO 8859-1", [0x63, 0xe9, 0x74]],
  ] as const
) {
  Deno.test(`decodeName() keeps ${what} apart from every UTF-8 name`, () => {
    const name = decodeName(new Uint8Array(bytes));
    strictEqual(isPlainName(name), false);
    strictEqual(name.includes("/"), false);
    deepStrictEqual([...encodeName(name)], [...bytes]);
  });
}

Deno.test("encodeName() refuses surrogates that stand for no byte", () => {
  throws(() => encodeName("a\ud800"), WireError);
  throws(() => encodeName("\udc00"), WireError);
});
