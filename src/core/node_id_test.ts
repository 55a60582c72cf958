import { deepStrictEqual, notStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "../../tests/tools/any_text.ts";
import {
  formatNodeId,
  generateNodeKey,
  keyFingerprint,
  NodeIdError,
  nodeKeyFromSeed,
  parseNodeId,
  verifySignature,
} from "./node_id.ts";

const KEY_BYTES = fc.uint8Array({ minLength: 32, maxLength: 32 });

Deno.test("parseNodeId() undoes formatNodeId() for any key", () => {
  fc.assert(fc.property(KEY_BYTES, (key) => {
    deepStrictEqual(parseNodeId(formatNodeId(key)), new Uint8Array(key));
  }));
});

Deno.test("parseNodeId() throws NodeIdError and nothing else, whatever the text", () => {
  const near = fc.tuple(KEY_BYTES, fc.nat(51), anyText({ maxLength: 2 }));
  const texts = fc.oneof(
    anyText({ maxLength: 80 }),
    near.map(([key, at, put]) => {
      const id = formatNodeId(key);
      return id.slice(0, at) + put + id.slice(at + 1);
    }),
  );
  fc.assert(fc.property(texts, (text) => {
    try {
      strictEqual(formatNodeId(parseNodeId(text)), text);
    } catch (error) {
      if (!(error instanceof NodeIdError)) throw error;
    }
  }));
});

Deno.test("formatNodeId() refuses keys of any other length", () => {
  for (const length of [0, 31, 33, 64]) {
    throws(() => formatNodeId(new Uint8Array(length)), NodeIdError);
  }
});

Deno.test("nodeKeyFromSeed() gives the key and signature of RFC 8032 section 7.1, test 2", async () => {
  const seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
  const key = await nodeKeyFromSeed(Uint8Array.fromHex(seed));
  const publicKey = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
  strictEqual(key.publicKey.toHex(), publicKey);
  strictEqual(keyFingerprint(key.publicKey), `ed25519:${publicKey}`);
  strictEqual(
    (await key.sign(new Uint8Array([0x72]))).toHex(),
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
});

Deno.test("verifySignature() notices any changed bit of key, signature or message", async () => {
  const key = await generateNodeKey();
  const message = crypto.getRandomValues(new Uint8Array(40));
  const signature = await key.sign(message);
  strictEqual(await verifySignature(key.publicKey, signature, message), true);
  for (const parts of [0, 1, 2].flatMap((part) => [0, 5, 31].map((at) => ({ part, at })))) {
    const changed = [key.publicKey, signature, message].map((bytes) => bytes.slice());
    const bytes = changed[parts.part] ?? new Uint8Array(1);
    bytes[parts.at] = (bytes[parts.at] ?? 0) ^ 1;
    const [k = bytes, s = bytes, m = bytes] = changed;
    strictEqual(await verifySignature(k, s, m), false, `part ${parts.part}, byte ${parts.at}`);
  }
});

Deno.test("verifySignature() is false, and does not throw, for keys and signatures of any length", async () => {
  const key = await generateNodeKey();
  const message = new Uint8Array([1]);
  for (const length of [0, 1, 31, 33, 63, 65, 1000]) {
    const bytes = new Uint8Array(length);
    strictEqual(await verifySignature(key.publicKey, bytes, message), false);
    strictEqual(await verifySignature(bytes, await key.sign(message), message), false);
  }
});

Deno.test("generateNodeKey() gives another key every time", async () => {
  const [a, b] = await Promise.all([generateNodeKey(), generateNodeKey()]);
  notStrictEqual(formatNodeId(a.publicKey), formatNodeId(b.publicKey));
});
