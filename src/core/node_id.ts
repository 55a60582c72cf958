import { decodeZbase32, encodeZbase32, Zbase32Error } from "./zbase32.ts";

/** Length of a node's Ed25519 public key in bytes (RFC 8032 section 5.1.5). */
export const NODE_ID_BYTES = 32;

/** A node's Ed25519 public key as 52 characters of z-base-32, the form in which people see it. */
export type NodeId = string;

/** Thrown by {@linkcode parseNodeId} for text that is not a node id. */
export class NodeIdError extends SyntaxError {
  /** The class's name. */
  override readonly name = "NodeIdError";
  /** Who has to act: the text came from a person or a peer. */
  readonly blame = "user";
}

/** What a node signs with; the private half stays wherever the vault keeps it. */
export interface NodeKey {
  /** The 32-byte Ed25519 public key. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** Signs a message with Ed25519 (RFC 8032); resolves to 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Writes a node's public key as its node id.
 *
 * @param publicKey The 32-byte Ed25519 public key.
 * @returns 52 characters of z-base-32.
 * @throws {NodeIdError} When the key is not 32 bytes long.
 *
 * @example
 * ```ts
 * import { formatNodeId, parseNodeId } from "@alknet/core";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const key = new Uint8Array(32).fill(7);
 * deepStrictEqual(parseNodeId(formatNodeId(key)), key);
 * ```
 */
export function formatNodeId(publicKey: Uint8Array): NodeId {
  if (publicKey.length !== NODE_ID_BYTES) {
    throw new NodeIdError(`Cannot format a node id: ${publicKey.length} bytes instead of 32`);
  }
  return encodeZbase32(publicKey);
}

/**
 * Reads a node id back into the public key it stands for.
 *
 * @param text 52 characters of z-base-32.
 * @returns The 32-byte Ed25519 public key.
 * @throws {NodeIdError} For anything else.
 *
 * @example
 * ```ts
 * import { NodeIdError, parseNodeId } from "@alknet/core";
 * import { throws } from "node:assert/strict";
 *
 * throws(() => parseNodeId("laptop"), NodeIdError);
 * ```
 */
export function parseNodeId(text: string): Uint8Array<ArrayBuffer> {
  if (text.length !== 52) {
    throw new NodeIdError(`Cannot read a node id: ${text.length} characters instead of 52`);
  }
  try {
    return decodeZbase32(text);
  } catch (error) {
    if (!(error instanceof Zbase32Error)) throw error;
    throw new NodeIdError(`Cannot read the node id "${text}": ${error.message}`, { cause: error });
  }
}

/**
 * The fingerprint under which a peer entry lists an Ed25519 key.
 *
 * @param publicKey The 32-byte Ed25519 public key.
 * @returns `ed25519:` and 64 lower-case hexadecimal digits of the key itself (not a hash).
 *
 * @example
 * ```ts
 * import { keyFingerprint } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(keyFingerprint(new Uint8Array(32)), "ed25519:" + "0".repeat(64));
 * ```
 */
export function keyFingerprint(publicKey: Uint8Array): string {
  return `ed25519:${publicKey.toHex()}`;
}

/**
 * A node key held by WebCrypto, from a 32-byte Ed25519 seed (RFC 8032 section 5.1.5).
 *
 * @param seed 32 bytes; the caller may wipe them as soon as the promise resolves.
 * @returns The key; its private half cannot be exported again.
 *
 * @example
 * ```ts
 * import { nodeKeyFromSeed } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * const key = await nodeKeyFromSeed(new Uint8Array(32));
 * strictEqual((await key.sign(new Uint8Array(3))).length, 64);
 * ```
 */
export async function nodeKeyFromSeed(seed: Uint8Array): Promise<NodeKey> {
  const pkcs8 = new Uint8Array([...PKCS8_PREFIX, ...seed]);
  try {
    const extractable = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", extractable);
    const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
    return {
      publicKey: Uint8Array.fromBase64(x ?? "", { alphabet: "base64url" }),
      sign: async (message) =>
        new Uint8Array(await crypto.subtle.sign("Ed25519", key, own(message))),
    };
  } finally {
    pkcs8.fill(0);
  }
}

/**
 * A fresh node key that lives as long as the process: for tests and throw-away clients.
 *
 * @returns The key.
 *
 * @example
 * ```ts
 * import { generateNodeKey } from "@alknet/core";
 * import { notDeepStrictEqual } from "node:assert/strict";
 *
 * notDeepStrictEqual((await generateNodeKey()).publicKey, (await generateNodeKey()).publicKey);
 * ```
 */
export async function generateNodeKey(): Promise<NodeKey> {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  try {
    return await nodeKeyFromSeed(seed);
  } finally {
    seed.fill(0);
  }
}

/**
 * Checks an Ed25519 signature (RFC 8032).
 *
 * @param publicKey The signer's 32-byte key.
 * @param signature 64 bytes.
 * @param message What was signed.
 * @returns Whether the signature is right; false also for keys and signatures of a wrong form.
 *
 * @example
 * ```ts
 * import { generateNodeKey, verifySignature } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * const key = await generateNodeKey();
 * const message = new Uint8Array([1, 2, 3]);
 * strictEqual(await verifySignature(key.publicKey, await key.sign(message), message), true);
 * ```
 */
export async function verifySignature(
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", own(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, own(signature), own(message));
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

/** PKCS #8 wrapping of an Ed25519 seed (RFC 8410 section 7). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");

/** WebCrypto takes no view of a shared buffer; this copies only where the type cannot rule it out. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}
