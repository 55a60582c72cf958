import { copyOf, wipe } from "./bytes.ts";
import { KeyDisposedError } from "./errors.ts";

/** What a derived key is for. */
export type KeyType = "ed25519" | "secp256k1" | "p256" | "aes-256-gcm";

/** What {@linkcode DerivedKey} shows of itself to `JSON.stringify` and `console.log`. */
export interface RedactedKey {
  /** What the key is for. */
  readonly keyType: KeyType;
  /** Hexadecimal. */
  readonly publicKey: string;
  /** Always the same text. */
  readonly privateKey: "[REDACTED]";
}

/**
 * A key out of the vault. It owns its bytes: wipe it with `using` or `[Symbol.dispose]()`; locking the
 * vault does not reach it.
 *
 * @example
 * ```ts
 * import { DerivedKey } from "@alknet/vault";
 * import { match, throws } from "node:assert/strict";
 *
 * const key = new DerivedKey("aes-256-gcm", new Uint8Array(32).fill(7), new Uint8Array());
 * match(JSON.stringify(key), /REDACTED/);
 * key[Symbol.dispose]();
 * throws(() => key.privateKey);
 * ```
 */
export class DerivedKey implements Disposable {
  /** What the key is for. */
  readonly keyType: KeyType;
  /** 32 bytes for Ed25519, 33 for a compressed point, none for a symmetric key. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly #privateKey: Uint8Array<ArrayBuffer>;
  #disposed = false;

  /** Copies both keys. */
  constructor(keyType: KeyType, privateKey: Uint8Array, publicKey: Uint8Array) {
    this.keyType = keyType;
    this.#privateKey = copyOf(privateKey);
    this.publicKey = copyOf(publicKey);
  }

  /**
   * 32 bytes, not a copy: wiped with this key.
   *
   * @throws {KeyDisposedError} After the key was wiped.
   */
  get privateKey(): Uint8Array<ArrayBuffer> {
    if (this.#disposed) throw new KeyDisposedError("Cannot use the key: it was wiped");
    return this.#privateKey;
  }

  /** The key without its secret. */
  toJSON(): RedactedKey {
    const publicKey = this.publicKey.toHex();
    return { keyType: this.keyType, publicKey, privateKey: "[REDACTED]" };
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return `DerivedKey ${JSON.stringify(this)}`;
  }

  /** What `console.log` and `util.inspect` show in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `DerivedKey ${JSON.stringify(this)}`;
  }

  /** Wipes the private key; idempotent. */
  [Symbol.dispose](): void {
    wipe(this.#privateKey);
    this.#disposed = true;
  }
}
