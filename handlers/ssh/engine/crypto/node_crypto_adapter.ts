import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM } from "node:crypto";

import type { AesGcm, CipherKit, StreamCipher } from "./cipher_kit.ts";
import { poly1305 } from "./poly1305_adapter.ts";

/** Ciphers of node:crypto, and Poly1305 in WebAssembly: what there is everywhere. */
export const NODE_KIT: CipherKit = {
  chaCha20: (key) => new NodeStream(key),
  poly1305,
  aesGcm: (key) => new NodeGcm(key),
  [Symbol.dispose](): void {},
};

class NodeStream implements StreamCipher {
  readonly #key: Uint8Array;
  #cipher?: ReturnType<typeof createCipheriv>;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  begin(nonce: Uint8Array): void {
    this.end();
    this.#cipher = createCipheriv("chacha20", this.#key, nonce);
  }

  apply(bytes: Uint8Array): void {
    if (this.#cipher) bytes.set(this.#cipher.update(bytes));
  }

  end(): void {
    this.#cipher?.final(); // without this Deno keeps the cipher for ever
    this.#cipher = undefined;
  }

  free(): void {
    this.end();
  }
}

class NodeGcm implements AesGcm {
  readonly #key: Uint8Array;
  readonly #name: "aes-128-gcm" | "aes-256-gcm";

  constructor(key: Uint8Array) {
    this.#key = key;
    this.#name = key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
  }

  seal(nonce: Uint8Array, head: Uint8Array, body: Uint8Array, tag: Uint8Array): void {
    const cipher: CipherGCM = createCipheriv(this.#name, this.#key, nonce);
    cipher.setAAD(head);
    body.set(cipher.update(body));
    cipher.final();
    tag.set(cipher.getAuthTag());
  }

  open(nonce: Uint8Array, head: Uint8Array, body: Uint8Array, tag: Uint8Array): boolean {
    const decipher: DecipherGCM = createDecipheriv(this.#name, this.#key, nonce);
    decipher.setAAD(head);
    body.set(decipher.update(body));
    decipher.setAuthTag(tag);
    try {
      decipher.final();
      return true;
    } catch {
      return false; // the tag is another one: there is no other reason
    }
  }

  free(): void {}
}
