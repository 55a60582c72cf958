/** A stream cipher of one key, used for one nonce after another. */
export interface StreamCipher {
  /** Begins the key stream of a nonce. */
  begin(nonce: Uint8Array): void;
  /** Adds the next bytes of the key stream to some bytes in place: it seals and opens. */
  apply(bytes: Uint8Array): void;
  /** Ends the key stream, which was begun. */
  end(): void;
  /** Forgets the key; nothing else may be called then. */
  free(): void;
}

/** AES in Galois/Counter Mode (NIST SP 800-38D) with one key, for sealing or for opening. */
export interface AesGcm {
  /** Seals a body in place and writes the tag of it and of the head. */
  seal(nonce: Uint8Array, head: Uint8Array, body: Uint8Array, tag: Uint8Array): void;
  /** Opens a body in place. @returns Whether the tag is right; if not, the body is of no use. */
  open(nonce: Uint8Array, head: Uint8Array, body: Uint8Array, tag: Uint8Array): boolean;
  /** Forgets the key; nothing else may be called then. */
  free(): void;
}

/** What ciphers of packets are made of, by whatever library does it. */
export interface CipherKit extends Disposable {
  /** ChaCha20 of a 32-byte key; nonces are 16 bytes, the first 4 the block to begin with. */
  chaCha20(key: Uint8Array): StreamCipher;
  /** Poly1305 (RFC 8439 section 2.5) of a message, written to `tag`. The key is used once. */
  poly1305(message: Uint8Array, oneTimeKey: Uint8Array, tag: Uint8Array): void;
  /** AES-GCM of a key of 16 or 32 bytes. */
  aesGcm(key: Uint8Array, use: "seal" | "open"): AesGcm;
}
