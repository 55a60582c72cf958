import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "../../tests/tools/any_text.ts";
import { decodeZbase32, encodeZbase32, Zbase32Error } from "./zbase32.ts";

Deno.test("decodeZbase32() undoes encodeZbase32() for any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const text = encodeZbase32(bytes);
    strictEqual(text.length, Math.ceil(bytes.length * 8 / 5));
    deepStrictEqual(decodeZbase32(text), new Uint8Array(bytes));
  }));
});

Deno.test("encodeZbase32() agrees with the examples of the specification", () => {
  // Whole octets from the table "test vectors" of the z-base-32 draft by Zooko O'Whielacronx.
  strictEqual(encodeZbase32(new Uint8Array([0xf0, 0xbf, 0xc7])), "6n9hq");
  strictEqual(encodeZbase32(new Uint8Array([0xd4, 0x7a, 0x04])), "4t7ye");
  strictEqual(encodeZbase32(new Uint8Array()), "");
});

Deno.test("decodeZbase32() takes exactly one text for each value", () => {
  fc.assert(fc.property(anyText({ maxLength: 60 }), (text) => {
    const bytes = decodedOrError(text);
    if (bytes) strictEqual(encodeZbase32(bytes), text);
  }));
  const alphabet = [..."ybndrfg8ejkmcpqxot1uwisza345h769"];
  const words = fc.array(fc.constantFrom(...alphabet), { maxLength: 60 });
  fc.assert(fc.property(words, (characters) => {
    const bytes = decodedOrError(characters.join(""));
    if (bytes) strictEqual(encodeZbase32(bytes), characters.join(""));
  }));
});

for (
  const text of ["Y", "0", "2", "l", "v", "y y", "6n9hq=", "yy\n", "é", "😀", "y", "yyy", "yb"]
) {
  Deno.test(`decodeZbase32() refuses ${JSON.stringify(text)}`, () => {
    throws(() => decodeZbase32(text), Zbase32Error);
  });
}

/** The bytes, or undefined for text that is refused with the codec's own error. */
function decodedOrError(text: string): Uint8Array | undefined {
  try {
    return decodeZbase32(text);
  } catch (error) {
    if (error instanceof Zbase32Error) return undefined;
    throw error;
  }
}
