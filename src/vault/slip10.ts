import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";

import { type Bytes, concat, copyOf, uint32, utf8, wipe } from "./bytes.ts";
import { HARDENED_OFFSET, parseDerivationPath } from "./derivation_path.ts";
import { DerivationPathError, SeedError } from "./errors.ts";

/** Curves that SLIP-0010 defines, by its names. */
export type Slip10Curve = "ed25519" | "curve25519" | "secp256k1" | "nist256p1";

/** A node of the key tree. */
export interface ExtendedKey {
  /** 32 bytes: an Ed25519 or X25519 private key, or a scalar. */
  readonly privateKey: Uint8Array<ArrayBuffer>;
  /** 32 bytes that children are derived with; as secret as the key. */
  readonly chainCode: Uint8Array<ArrayBuffer>;
}

interface CurveRules {
  readonly hmacKey: Bytes;
  /** Present where keys are scalars below the order of the group: the Weierstrass curves. */
  readonly scalars?: typeof secp256k1.Point.Fn;
  publicKey(privateKey: Uint8Array): Uint8Array;
}

const CURVES: Readonly<Record<Slip10Curve, CurveRules>> = {
  ed25519: { hmacKey: utf8("ed25519 seed"), publicKey: (key) => ed25519.getPublicKey(key) },
  curve25519: { hmacKey: utf8("curve25519 seed"), publicKey: (key) => x25519.getPublicKey(key) },
  secp256k1: {
    hmacKey: utf8("Bitcoin seed"),
    scalars: secp256k1.Point.Fn,
    publicKey: (key) => secp256k1.getPublicKey(key, true),
  },
  nist256p1: {
    hmacKey: utf8("Nist256p1 seed"),
    scalars: p256.Point.Fn,
    publicKey: (key) => p256.getPublicKey(key, true),
  },
};

const MIN_SEED_BYTES = 16;
const MAX_SEED_BYTES = 64;

/**
 * Derives a private key by SLIP-0010. On secp256k1 this is BIP-32.
 *
 * @param curve Which tree; the same path on two curves gives unrelated keys.
 * @param seed 16 to 64 bytes.
 * @param path See {@linkcode parseDerivationPath}; Ed25519 and Curve25519 know hardened steps only.
 * @returns Key and chain code; the caller wipes both.
 * @throws {DerivationPathError} For a malformed path or an unhardened step where there is none.
 * @throws {SeedError} For a seed of another length.
 *
 * @example
 * ```ts
 * import { deriveSlip10 } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * const seed = Uint8Array.fromHex("000102030405060708090a0b0c0d0e0f");
 * const { privateKey } = deriveSlip10("ed25519", seed, "m/0'");
 * strictEqual(privateKey.toHex().slice(0, 16), "68e0fe46dfb67e36");
 * ```
 */
export function deriveSlip10(curve: Slip10Curve, seed: Uint8Array, path: string): ExtendedKey {
  const rules = CURVES[curve];
  const indices = parseDerivationPath(path);
  if (!rules.scalars && indices.some((index) => index < HARDENED_OFFSET)) {
    throw new DerivationPathError(`Cannot derive "${path}": ${curve} knows hardened steps only`);
  }
  if (seed.length < MIN_SEED_BYTES || seed.length > MAX_SEED_BYTES) {
    throw new SeedError(`Cannot derive from a seed of ${seed.length} bytes: 16 to 64 are possible`);
  }
  let node = masterKey(rules, seed);
  for (const index of indices) {
    const child = childKey(rules, node, index);
    wipe(node.privateKey, node.chainCode);
    node = child;
  }
  return node;
}

/**
 * The public key of a private key.
 *
 * @returns 32 bytes on Ed25519 and Curve25519, else the 33 bytes of a compressed point.
 *
 * @example
 * ```ts
 * import { slip10PublicKey } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(slip10PublicKey("nist256p1", new Uint8Array(32).fill(1)).length, 33);
 * ```
 */
export function slip10PublicKey(
  curve: Slip10Curve,
  privateKey: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return copyOf(CURVES[curve].publicKey(privateKey));
}

/** SLIP-0010, "Master key generation", with the retry for a scalar out of range. */
function masterKey(rules: CurveRules, seed: Uint8Array): ExtendedKey {
  let digest = hmac(sha512, rules.hmacKey, seed);
  while (rules.scalars && !isScalar(rules.scalars, digest.subarray(0, 32))) {
    const next = hmac(sha512, rules.hmacKey, digest);
    wipe(digest);
    digest = next;
  }
  return split(digest);
}

/** SLIP-0010, "Private parent key → private child key". */
function childKey(rules: CurveRules, parent: ExtendedKey, index: number): ExtendedKey {
  const data = index >= HARDENED_OFFSET
    ? concat([0], parent.privateKey, uint32(index))
    : concat(rules.publicKey(parent.privateKey), uint32(index));
  const first = split(hmac(sha512, parent.chainCode, data));
  wipe(data);
  return rules.scalars ? addParent(rules.scalars, first, parent, index) : first;
}

/** Adds the parent's scalar, and tries again with a tweaked message where that is impossible. */
function addParent(
  scalars: typeof secp256k1.Point.Fn,
  first: ExtendedKey,
  parent: ExtendedKey,
  index: number,
): ExtendedKey {
  let node = first;
  for (;;) {
    const sum = isScalar(scalars, node.privateKey, true)
      ? scalars.add(scalars.fromBytes(node.privateKey), scalars.fromBytes(parent.privateKey))
      : scalars.ZERO;
    wipe(node.privateKey);
    if (sum !== scalars.ZERO) {
      return { privateKey: copyOf(scalars.toBytes(sum)), chainCode: node.chainCode };
    }
    const data = concat([1], node.chainCode, uint32(index));
    wipe(node.chainCode);
    node = split(hmac(sha512, parent.chainCode, data));
    wipe(data);
  }
}

/** Whether 32 bytes are below the order, and not zero unless that is allowed. */
function isScalar(
  scalars: typeof secp256k1.Point.Fn,
  bytes: Uint8Array,
  zeroAllowed = false,
): boolean {
  const value = scalars.fromBytes(bytes, true);
  return value < scalars.ORDER && (zeroAllowed || value !== scalars.ZERO);
}

function split(digest: Uint8Array): ExtendedKey {
  const node = {
    privateKey: copyOf(digest.subarray(0, 32)),
    chainCode: copyOf(digest.subarray(32)),
  };
  wipe(digest);
  return node;
}
