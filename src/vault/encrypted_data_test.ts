import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import { openGcm, sealGcm } from "./aes_gcm.ts";
import { associatedData } from "./associated_data.ts";
import { blobAad } from "./blob_cipher.ts";
import { EncryptedDataError, MAX_PLAINTEXT_BYTES, parseEncryptedData } from "./mod.ts";
import { bytes } from "./testdata/known.ts";

const BLOB = {
  "key_version": 3,
  salt: new Uint8Array(32).toBase64(),
  iv: new Uint8Array(12).toBase64(),
  data: new Uint8Array(16).toBase64(),
};

Deno.test("sealGcm() gives the ciphertext computed for the reference", async () => {
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  const input = { key, iv: key.subarray(0, 12) };
  const sealed = await sealGcm(input, bytes("hello, alknet vault!"));
  strictEqual(
    sealed.toHex(),
    "2f67ba77aac9e27ae12af9eec5c90e0cf6baf31572b3e9269262e4836ee538968c432f2e",
  );
  deepStrictEqual(await openGcm(input, sealed), bytes("hello, alknet vault!"));
});

Deno.test("parseEncryptedData() keeps the four fields and ignores later additions", () => {
  deepStrictEqual(parseEncryptedData({ ...BLOB, algorithm: "new" }), BLOB);
  strictEqual(parseEncryptedData({ ...BLOB, salt: "" }).salt, "");
});

Deno.test("parseEncryptedData() refuses each malformed field", () => {
  const wrong: readonly Record<string, unknown>[] = [
    ...[0, -1, 1.5, NaN, 2 ** 32, "3", null].map((version) => ({ key_version: version })),
    ...["", "AAAA", new Uint8Array(13).toBase64(), BLOB.iv + " ", 5].map((iv) => ({ iv })),
    { iv: BLOB.iv.slice(0, 8) + "\n" + BLOB.iv.slice(8) },
    { iv: BLOB.iv.replace("A", "-") },
    { data: new Uint8Array(15).toBase64() },
    { data: new Uint8Array(MAX_PLAINTEXT_BYTES + 17).toBase64() },
    { data: "AAAAAAAAAAAAAAAAAAAAAB==" }, // spare bits that are not zero
    { data: "AAAAAAAAAAAAAAAAAAAAAA" }, // no padding
    { salt: new Uint8Array(65).toBase64() },
    { salt: ["AAAA"] },
  ];
  for (const change of wrong) {
    throws(() => parseEncryptedData({ ...BLOB, ...change }), EncryptedDataError);
  }
  for (const name of Object.keys(BLOB)) {
    throws(() => parseEncryptedData({ ...BLOB, [name]: undefined }), EncryptedDataError);
  }
  throws(() => parseEncryptedData(Object.create(BLOB)), EncryptedDataError);
  const getter = Object.defineProperty({ ...BLOB }, "iv", {
    get: () => {
      throw new TypeError("Called");
    },
  });
  throws(() => parseEncryptedData(getter), EncryptedDataError);
});

Deno.test("parseEncryptedData() throws its own error on any value", () => {
  const near = fc.record(
    {
      key_version: fc.anything(),
      salt: fc.base64String(),
      iv: fc.anything(),
      data: fc.base64String(),
    },
    { requiredKeys: [] },
  );
  fc.assert(fc.property(fc.oneof(fc.anything(), near), (value) => {
    try {
      parseEncryptedData(value);
    } catch (error) {
      return error instanceof EncryptedDataError;
    }
  }));
});

Deno.test("blobAad() writes the bytes of ADR 0004", () => {
  const salt = new Uint8Array([0xaa, 0xbb]);
  strictEqual(
    blobAad({ keyVersion: 3, provider: "github" }, salt).toHex(),
    bytes("alknet-vault/encrypted-data").toHex() + "00" + "00000001" +
      "0000000400000003" + "00000006676974687562" + "00000002aabb",
  );
  strictEqual(blobAad({ keyVersion: 2, provider: "github" }, salt).length, 0);
});

Deno.test("associatedData() never encodes two lists of fields alike", () => {
  const list = fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 4 });
  fc.assert(fc.property(list, list, (a, b) => {
    const same = JSON.stringify(a) === JSON.stringify(b);
    const encodings = [a, b].map((fields) => associatedData("d", 1, fields).toHex());
    strictEqual(encodings[0] === encodings[1], same);
  }));
});
