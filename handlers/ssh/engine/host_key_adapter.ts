import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, sign } from "node:crypto";

import { SshWriter } from "../wire/ssh_writer.ts";
import type { HostKey } from "./packet_transport.ts";

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410 section 7). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");

/**
 * A host key from a 32-byte Ed25519 seed (RFC 8032 section 5.1.5), such as the vault's at
 * `m/74'/0'/1'/0'`.
 *
 * @param seed The caller may wipe it as soon as this returns.
 * @returns The key; its private half cannot be read out of it.
 *
 * @example
 * ```ts
 * import { ed25519HostKey } from "@alknet/ssh";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(ed25519HostKey(new Uint8Array(32)).sign(new Uint8Array(3)).length, 64);
 * ```
 */
export function ed25519HostKey(seed: Uint8Array): HostKey {
  const pkcs8 = Buffer.from(new Uint8Array([...PKCS8_PREFIX, ...seed]).buffer); // the same bytes
  try {
    const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    const { x } = createPublicKey(key).export({ format: "jwk" });
    return {
      publicKey: Uint8Array.fromBase64(x ?? "", { alphabet: "base64url" }),
      sign: (message) => new Uint8Array(sign(null, message, key)),
    };
  } finally {
    pkcs8.fill(0);
  }
}

/**
 * An Ed25519 public key as OpenSSH writes it in `known_hosts` and `.pub` files (RFC 8709 section 4).
 *
 * @param publicKey 32 bytes.
 * @returns `ssh-ed25519` and base64.
 *
 * @example
 * ```ts
 * import { openSshKey } from "@alknet/ssh";
 * import { match } from "node:assert/strict";
 *
 * match(openSshKey(new Uint8Array(32)), /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5/);
 * ```
 */
export function openSshKey(publicKey: Uint8Array): string {
  return `ssh-ed25519 ${
    new SshWriter().string("ssh-ed25519").string(publicKey).finish().toBase64()
  }`;
}
