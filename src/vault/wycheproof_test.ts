import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { openGcm, sealGcm } from "./aes_gcm.ts";
import { DecryptionError } from "./mod.ts";
import { vectorTest } from "./testdata/vectors.ts";

interface GcmGroup {
  readonly ivSize: number;
  readonly keySize: number;
  readonly tagSize: number;
  readonly tests:
    readonly (Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag" | "result", string> & {
      readonly tcId: number;
    })[];
}

/** Our functions use 256-bit keys and 96-bit nonces and nothing else. */
vectorTest<{ testGroups: GcmGroup[] }>(
  "AES-256-GCM with 96-bit nonces passes Wycheproof",
  "wycheproof/aes_gcm.json",
  async ({ testGroups }) => {
    const groups = testGroups.filter(({ keySize, ivSize }) => keySize === 256 && ivSize === 96);
    const tests = groups.flatMap((group) => group.tests);
    for (const test of tests) {
      const hex = (name: "key" | "iv" | "aad" | "msg" | "ct" | "tag") =>
        Uint8Array.fromHex(test[name]);
      const input = { key: hex("key"), iv: hex("iv"), aad: hex("aad") };
      const sealed = Uint8Array.fromHex(test.ct + test.tag);
      if (test.result === "valid") {
        deepStrictEqual(await openGcm(input, sealed), hex("msg"), `tcId ${test.tcId}`);
        deepStrictEqual(await sealGcm(input, hex("msg")), sealed, `tcId ${test.tcId}`);
      } else {
        await rejects(openGcm(input, sealed), DecryptionError, `tcId ${test.tcId}`);
      }
    }
    strictEqual(tests.length, 66);
  },
);

interface Ed25519Group {
  readonly publicKey: { readonly pk: string };
  readonly tests: readonly {
    readonly tcId: number;
    readonly msg: string;
    readonly sig: string;
    readonly result: string;
  }[];
}

vectorTest<{ testGroups: Ed25519Group[] }>(
  "Ed25519 of WebCrypto passes Wycheproof",
  "wycheproof/ed25519.json",
  async ({ testGroups }) => {
    let checked = 0;
    for (const { publicKey, tests } of testGroups) {
      const raw = Uint8Array.fromHex(publicKey.pk);
      const key = await crypto.subtle.importKey("raw", raw, "Ed25519", true, ["verify"]);
      for (const { tcId, msg, sig, result } of tests) {
        const signature = Uint8Array.fromHex(sig);
        const valid = await crypto.subtle.verify(
          "Ed25519",
          key,
          signature,
          Uint8Array.fromHex(msg),
        );
        strictEqual(valid, result === "valid", `tcId ${tcId}`);
        checked++;
      }
    }
    ok(checked >= 150);
  },
);
