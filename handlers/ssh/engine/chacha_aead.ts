import { timingSafeEqual } from "node:crypto";

import type { CipherKit, StreamCipher } from "./crypto/cipher_kit.ts";
import { LENGTH_BYTES, type PacketAead, TAG_BYTES } from "./packet_aead.ts";

const BLOCK_BYTES = 64;
const POLY_KEY_BYTES = 32;
const NONCE_BYTES = 16;
const SEQUENCE_AT = 12;

/** The two keys of one direction. */
export interface ChaChaKeys {
  /** Seals the body and makes the tag. */
  readonly main: Uint8Array;
  /** Seals the length. */
  readonly length: Uint8Array;
}

/**
 * chacha20-poly1305@openssh.com (OpenSSH PROTOCOL.chacha20poly1305). The nonce is the packet's
 * number; the first block of the key stream holds the key of Poly1305 and the body is sealed from the
 * second on, so that both come out of one cipher.
 */
export class ChaChaAead implements PacketAead {
  readonly alignment = 8;
  readonly #kit: CipherKit;
  readonly #main: StreamCipher;
  readonly #length: StreamCipher;
  readonly #nonce = new Uint8Array(NONCE_BYTES);
  readonly #nonceView = new DataView(this.#nonce.buffer);
  readonly #firstBlock = new Uint8Array(BLOCK_BYTES);
  readonly #polyKey = this.#firstBlock.subarray(0, POLY_KEY_BYTES);
  readonly #head = new Uint8Array(LENGTH_BYTES);
  readonly #headView = new DataView(this.#head.buffer);
  readonly #tag = new Uint8Array(TAG_BYTES);

  /** Takes keys of 32 bytes each. */
  constructor(kit: CipherKit, keys: ChaChaKeys) {
    this.#kit = kit;
    this.#main = kit.chaCha20(keys.main);
    this.#length = kit.chaCha20(keys.length);
  }

  seal(sequence: number, packet: Uint8Array): void {
    const end = packet.length - TAG_BYTES;
    this.#begin(sequence);
    this.#main.apply(packet.subarray(LENGTH_BYTES, end));
    this.#main.end();
    this.#applyLength(packet.subarray(0, LENGTH_BYTES));
    this.#kit.poly1305(packet.subarray(0, end), this.#polyKey, packet.subarray(end));
  }

  lengthOf(sequence: number, head: Uint8Array): number {
    this.#nonceView.setUint32(SEQUENCE_AT, sequence);
    this.#head.set(head);
    this.#applyLength(this.#head);
    return this.#headView.getUint32(0);
  }

  open(sequence: number, packet: Uint8Array): boolean {
    const end = packet.length - TAG_BYTES;
    this.#begin(sequence);
    this.#kit.poly1305(packet.subarray(0, end), this.#polyKey, this.#tag);
    const isRight = timingSafeEqual(this.#tag, packet.subarray(end));
    if (isRight) this.#main.apply(packet.subarray(LENGTH_BYTES, end));
    this.#main.end();
    return isRight;
  }

  free(): void {
    this.#main.free();
    this.#length.free();
  }

  #begin(sequence: number): void {
    this.#nonceView.setUint32(SEQUENCE_AT, sequence);
    this.#main.begin(this.#nonce);
    this.#firstBlock.fill(0);
    this.#main.apply(this.#firstBlock);
  }

  #applyLength(head: Uint8Array): void {
    this.#length.begin(this.#nonce);
    this.#length.apply(head);
    this.#length.end();
  }
}
