import { DerivationPathError, KeyVersionError } from "./errors.ts";

/** Added to an index to harden it (BIP-32). */
export const HARDENED_OFFSET = 0x8000_0000;

/** Deepest path taken. */
export const MAX_PATH_DEPTH = 32;

/** Of the node identity: the key that a NodeId names. */
export const IDENTITY_PATH = "m/74'/0'/0'/0'";

/** Of the SSH host key. */
export const SSH_HOST_PATH = "m/74'/0'/1'/0'";

/** Of the first Ethereum account (BIP-44). */
export const ETHEREUM_PATH = "m/44'/60'/0'/0/0";

/** First key version that a vault can derive; version 1 was made from a password elsewhere. */
export const MIN_KEY_VERSION = 2;

const MAX_PATH_LENGTH = 2 + MAX_PATH_DEPTH * 12;
const SEGMENT = /^(0|[1-9][0-9]{0,9})(['h]?)$/;

/**
 * Reads a derivation path strictly: `m`, then `/index` with `'` or `h` once for a hardened step.
 *
 * @param path For example `m/74'/0'/0'/0'`; `m` alone is the master key.
 * @returns Indices, hardened ones with {@linkcode HARDENED_OFFSET} added.
 * @throws {DerivationPathError} For anything else: a missing `m`, an index of 2^31 or more, leading
 * zeros, repeated suffixes, white space, more than {@linkcode MAX_PATH_DEPTH} steps.
 *
 * @example
 * ```ts
 * import { parseDerivationPath } from "@alknet/vault";
 * import { deepStrictEqual, throws } from "node:assert/strict";
 *
 * deepStrictEqual(parseDerivationPath("m/44h/0"), [0x8000_002c, 0]);
 * throws(() => parseDerivationPath("m/0''"));
 * ```
 */
export function parseDerivationPath(path: string): number[] {
  if (typeof path !== "string" || path.length > MAX_PATH_LENGTH) {
    throw new DerivationPathError("Cannot read derivation path: it is no text or too long");
  }
  const [root, ...segments] = path.split("/");
  if (root !== "m") {
    throw new DerivationPathError(
      `Cannot read derivation path "${path}": it has to begin with "m"`,
    );
  }
  if (segments.length > MAX_PATH_DEPTH) {
    throw new DerivationPathError(
      `Cannot read derivation path "${path}": it has more than ${MAX_PATH_DEPTH} steps`,
    );
  }
  return segments.map((segment) => parseSegment(segment, path));
}

/** Writes indices as the one text that stands for them, with `'` for hardened steps. */
export function formatDerivationPath(indices: readonly number[]): string {
  const steps = indices.map((index) =>
    index >= HARDENED_OFFSET ? `/${index - HARDENED_OFFSET}'` : `/${index}`
  );
  return `m${steps.join("")}`;
}

/**
 * The identity path of device or worker `n`; device 0 is the node identity itself.
 *
 * @param n Below 2^31.
 * @throws {DerivationPathError} For anything else.
 *
 * @example
 * ```ts
 * import { devicePath, IDENTITY_PATH } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(devicePath(0), IDENTITY_PATH);
 * strictEqual(devicePath(7), "m/74'/0'/0'/7'");
 * ```
 */
export function devicePath(n: number): string {
  if (!isIndex(n)) throw new DerivationPathError(`Cannot derive device ${n}: no such index`);
  return `m/74'/0'/0'/${n}'`;
}

/**
 * The path of the key that encrypts blobs of one key version.
 *
 * @param version 2 or more.
 * @throws {KeyVersionError} For a version without a path.
 *
 * @example
 * ```ts
 * import { encryptionPath } from "@alknet/vault";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(encryptionPath(3), "m/74'/2'/0'/1'");
 * ```
 */
export function encryptionPath(version: number): string {
  const index = version - MIN_KEY_VERSION;
  if (!isIndex(index)) {
    throw new KeyVersionError(`Cannot derive key version ${version}: versions begin at 2`);
  }
  return `m/74'/2'/0'/${index}'`;
}

function parseSegment(segment: string, path: string): number {
  const match = SEGMENT.exec(segment);
  const index = Number(match?.[1] ?? NaN);
  if (!isIndex(index)) {
    throw new DerivationPathError(
      `Cannot read derivation path "${path}": "${segment}" is not an index below 2^31`,
    );
  }
  return match?.[2] ? index + HARDENED_OFFSET : index;
}

function isIndex(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < HARDENED_OFFSET;
}
