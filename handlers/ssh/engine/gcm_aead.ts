import type { AesGcm, CipherKit } from "./crypto/cipher_kit.ts";
import { LENGTH_BYTES, type PacketAead, TAG_BYTES } from "./packet_aead.ts";

const COUNTER_AT = 4;

/** What one direction of AES-GCM begins with. */
export interface GcmStart {
  /** 16 or 32 bytes. */
  readonly key: Uint8Array;
  /** The 12 bytes of the first packet's nonce. */
  readonly nonce: Uint8Array;
}

/**
 * AES-GCM for packets (RFC 5647, as OpenSSH's aes128-gcm@openssh.com has it): the length is not
 * sealed, and the last 8 bytes of the nonce count packets.
 */
export class GcmAead implements PacketAead {
  readonly alignment = 16;
  readonly #gcm: AesGcm;
  readonly #nonce: Uint8Array;
  readonly #nonceView: DataView;

  /** Seals or opens, not both: each packet takes the next nonce. */
  constructor(kit: CipherKit, { key, nonce }: GcmStart, use: "seal" | "open") {
    this.#gcm = kit.aesGcm(key, use);
    this.#nonce = new Uint8Array(nonce);
    this.#nonceView = new DataView(this.#nonce.buffer);
  }

  seal(_sequence: number, packet: Uint8Array): void {
    const [head, body, tag] = partsOf(packet);
    this.#gcm.seal(this.#nonce, head, body, tag);
    this.#count();
  }

  lengthOf(_sequence: number, head: Uint8Array): number {
    return new DataView(head.buffer, head.byteOffset).getUint32(0);
  }

  open(_sequence: number, packet: Uint8Array): boolean {
    const [head, body, tag] = partsOf(packet);
    const isRight = this.#gcm.open(this.#nonce, head, body, tag);
    this.#count();
    return isRight;
  }

  free(): void {
    this.#gcm.free();
  }

  #count(): void {
    this.#nonceView.setBigUint64(COUNTER_AT, this.#nonceView.getBigUint64(COUNTER_AT) + 1n);
  }
}

function partsOf(packet: Uint8Array): [head: Uint8Array, body: Uint8Array, tag: Uint8Array] {
  const end = packet.length - TAG_BYTES;
  return [
    packet.subarray(0, LENGTH_BYTES),
    packet.subarray(LENGTH_BYTES, end),
    packet.subarray(end),
  ];
}
