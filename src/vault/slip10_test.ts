import { deepStrictEqual, notDeepStrictEqual, strictEqual, throws } from "node:assert/strict";

import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";

import {
  DerivationPathError,
  deriveSlip10,
  SeedError,
  type Slip10Curve,
  slip10PublicKey,
} from "./mod.ts";
import { vectorTest } from "./testdata/vectors.ts";

interface Chain {
  readonly path: string;
  readonly fingerprint: string;
  readonly "chain code": string;
  readonly private: string;
  readonly public: string;
}

interface Vector {
  readonly title: string;
  readonly curve: Slip10Curve;
  readonly seed: string;
  readonly chains: readonly Chain[];
}

vectorTest<Vector[]>("deriveSlip10() gives every official vector", "slip0010.json", (vectors) => {
  let checked = 0;
  for (const { title, curve, seed, chains } of vectors) {
    let parent = "";
    for (const chain of chains) {
      const key = deriveSlip10(curve, Uint8Array.fromHex(seed), chain.path);
      const what = `${title}, ${chain.path}`;
      strictEqual(key.privateKey.toHex(), chain.private, what);
      strictEqual(key.chainCode.toHex(), chain["chain code"], what);
      strictEqual(publicHex(curve, key.privateKey), chain.public, what);
      if (parent) strictEqual(fingerprint(parent), chain.fingerprint, what);
      parent = chain.public;
      checked++;
    }
  }
  strictEqual(checked, 52);
});

const SEED = new Uint8Array(32).fill(9);

Deno.test("deriveSlip10() refuses an unhardened step on Ed25519 and Curve25519", () => {
  for (const curve of ["ed25519", "curve25519"] as const) {
    throws(() => deriveSlip10(curve, SEED, "m/0'/0"), DerivationPathError);
    throws(() => deriveSlip10(curve, SEED, "m/2147483647"), DerivationPathError);
  }
});

Deno.test("deriveSlip10() refuses seeds of undefined lengths", () => {
  for (const length of [0, 15, 65]) {
    throws(() => deriveSlip10("ed25519", new Uint8Array(length), "m"), SeedError);
  }
});

Deno.test("deriveSlip10() gives the same key for ' and h, and other keys for other paths", () => {
  deepStrictEqual(
    deriveSlip10("secp256k1", SEED, "m/1h/2"),
    deriveSlip10("secp256k1", SEED, "m/1'/2"),
  );
  notDeepStrictEqual(
    deriveSlip10("secp256k1", SEED, "m/1/2"),
    deriveSlip10("secp256k1", SEED, "m/1'/2"),
  );
});

Deno.test("deriveSlip10() leaves the seed as it was", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 64 }), (seed) => {
    const before = seed.slice();
    deriveSlip10("ed25519", seed, "m/74'/0'");
    deepStrictEqual(seed, before);
  }));
});

/** The vectors write a zero octet before the 32 bytes of an Ed25519 or X25519 key. */
function publicHex(curve: Slip10Curve, privateKey: Uint8Array): string {
  const hex = slip10PublicKey(curve, privateKey).toHex();
  return hex.length === 64 ? `00${hex}` : hex;
}

function fingerprint(publicKey: string): string {
  return ripemd160(sha256(Uint8Array.fromHex(publicKey))).slice(0, 4).toHex();
}
