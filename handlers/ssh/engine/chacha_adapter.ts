import { Buffer } from "node:buffer";
import { createCipheriv, randomFillSync, timingSafeEqual } from "node:crypto";

import { SshProtocolError } from "../errors.ts";
import { poly1305 } from "./poly1305_adapter.ts";

/**
 * chacha20-poly1305@openssh.com (OpenSSH PROTOCOL.chacha20poly1305) with the interface of ssh2's
 * ciphers. ssh2's own make three ciphers a packet and finish none of them, which Deno never forgets:
 * every packet of every peer cost 800 bytes for ever. These also write a packet in one piece.
 *
 * The first block of the key stream holds the key of Poly1305 and the packet follows from the second
 * on, so that both come out of one cipher.
 */
const BLOCK_BYTES = 64;
const POLY_KEY_BYTES = 32;
const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
/** What lies before a packet, so that its body begins with the second block. */
const HEADROOM_BYTES = BLOCK_BYTES - LENGTH_BYTES;
const MIN_PADDING_BYTES = 4;
const ALIGNMENT_BYTES = 8;
/** Longest packet that is taken, as in ssh2. */
const MAX_PACKET_BYTES = 35_000;

/** The two keys of one direction. */
export interface ChaChaKeys {
  /** Seals the body and makes the tag. */
  readonly main: Uint8Array;
  /** Seals the length. */
  readonly length: Uint8Array;
}

/** Seals packets. */
export class ChaChaCipher {
  /** Number of the next packet; set by the key exchange. */
  outSeqno: number;
  readonly #keys: ChaChaKeys;
  readonly #write: (bytes: Uint8Array) => void;
  #last?: Uint8Array;
  #isFree = false;

  /** Goes on from the number of the last packet. */
  constructor(keys: ChaChaKeys, sequence: number, write: (bytes: Uint8Array) => void) {
    this.#keys = keys;
    this.outSeqno = sequence;
    this.#write = write;
  }

  /** Seals nothing any more. */
  free(): void {
    this.#isFree = true;
  }

  /** A packet with room for a payload at its sixth byte, padding and length already there. */
  allocPacket(payloadBytes: number): Uint8Array {
    const body = 1 + payloadBytes;
    let padding = ALIGNMENT_BYTES - (body % ALIGNMENT_BYTES);
    if (padding < MIN_PADDING_BYTES) padding += ALIGNMENT_BYTES;
    const packet = this.#blank(LENGTH_BYTES + body + padding);
    packet.writeUInt32BE(body + padding, 0);
    packet[LENGTH_BYTES] = padding;
    randomFillSync(packet, LENGTH_BYTES + body, padding);
    this.#last = packet;
    return packet;
  }

  /** Seals a packet and sends it. */
  encrypt(packet: Uint8Array): void {
    if (this.#isFree) return;
    const room = packet === this.#last ? packet : this.#copy(packet);
    this.#last = undefined;
    const { buffer, byteOffset } = room;
    const whole = new Uint8Array(
      buffer,
      byteOffset - HEADROOM_BYTES,
      BLOCK_BYTES + room.length - LENGTH_BYTES + TAG_BYTES,
    );
    const sealed = keyStream(this.#keys.main, this.outSeqno, whole);
    const head = keyStream(this.#keys.length, this.outSeqno, room.subarray(0, LENGTH_BYTES));
    sealed.set(head, HEADROOM_BYTES);
    const message = sealed.subarray(HEADROOM_BYTES, HEADROOM_BYTES + room.length);
    poly1305(
      message,
      sealed.subarray(0, POLY_KEY_BYTES),
      sealed.subarray(sealed.length - TAG_BYTES),
    );
    this.#write(sealed.subarray(HEADROOM_BYTES));
    this.outSeqno = (this.outSeqno + 1) >>> 0;
  }

  #blank(length: number): Buffer {
    const all = Buffer.alloc(HEADROOM_BYTES + length + TAG_BYTES);
    return all.subarray(HEADROOM_BYTES, HEADROOM_BYTES + length);
  }

  /** For packets that another cipher has made room for. */
  #copy(packet: Uint8Array): Uint8Array {
    const room = this.#blank(packet.length);
    room.set(packet);
    return room;
  }
}

/** Opens packets. */
export class ChaChaDecipher {
  /** Number of the next packet; set by the key exchange. */
  inSeqno: number;
  /** Takes payloads; exchanged by the key exchange. */
  _onPayload: (payload: Buffer) => unknown;
  readonly #keys: ChaChaKeys;
  /** The first block, whose end is the length, then the body and the tag, as they come in. */
  #room = new Uint8Array(BLOCK_BYTES);
  #filled = HEADROOM_BYTES;
  #length = 0;

  /** Goes on from the number of the last packet. */
  constructor(keys: ChaChaKeys, sequence: number, onPayload: (payload: Buffer) => unknown) {
    this.#keys = keys;
    this.inSeqno = sequence;
    this._onPayload = onPayload;
  }

  /** Nothing is held. */
  free(): void {}

  /**
   * Takes bytes from `start` to `end`.
   *
   * @returns Where to go on, when a payload has changed the keys.
   * @throws {SshProtocolError} For a packet that is too long, or not the other side's.
   */
  decrypt(data: Uint8Array, start: number, end: number): number | undefined {
    let at = start;
    while (at < end) {
      const count = Math.min(this.#room.length - this.#filled, end - at);
      this.#room.set(data.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#room.length) return undefined;
      if (this.#length === 0) this.#begin();
      else {
        const result = this._onPayload(this.#open());
        if (result !== undefined) return typeof result === "number" ? result : at;
      }
    }
    return undefined;
  }

  #begin(): void {
    const sealed = this.#room.subarray(HEADROOM_BYTES);
    const length = keyStream(this.#keys.length, this.inSeqno, sealed).readUInt32BE(0);
    const isAligned = length % ALIGNMENT_BYTES === 0;
    if (length < ALIGNMENT_BYTES || length > MAX_PACKET_BYTES || !isAligned) {
      throw new SshProtocolError("Packet of an impossible length");
    }
    const room = new Uint8Array(BLOCK_BYTES + length + TAG_BYTES);
    room.set(this.#room);
    this.#room = room;
    this.#length = length;
  }

  #open(): Buffer {
    const room = this.#room;
    const tag = room.subarray(room.length - TAG_BYTES);
    const message = room.slice(HEADROOM_BYTES, room.length - TAG_BYTES);
    room.fill(0, HEADROOM_BYTES, BLOCK_BYTES); // the length was sealed with another key
    const opened = keyStream(
      this.#keys.main,
      this.inSeqno,
      room.subarray(0, room.length - TAG_BYTES),
    );
    const expected = new Uint8Array(TAG_BYTES);
    poly1305(message, opened.subarray(0, POLY_KEY_BYTES), expected);
    if (!timingSafeEqual(expected, tag)) throw new SshProtocolError("Packet has a wrong MAC");
    const padding = opened[BLOCK_BYTES] ?? 0;
    const end = opened.length - padding;
    if (padding < MIN_PADDING_BYTES || end <= BLOCK_BYTES) {
      throw new SshProtocolError("Packet of an impossible padding");
    }
    this.inSeqno = (this.inSeqno + 1) >>> 0;
    this.#room = new Uint8Array(BLOCK_BYTES);
    this.#filled = HEADROOM_BYTES;
    this.#length = 0;
    return opened.subarray(BLOCK_BYTES + 1, end);
  }
}

/** ChaCha20 with a packet's number as nonce and the counter at zero; sealing and opening are one. */
function keyStream(key: Uint8Array, sequence: number, input: Uint8Array): Buffer {
  const nonce = Buffer.alloc(16);
  nonce.writeUInt32BE(sequence, 12);
  const cipher = createCipheriv("chacha20", key, nonce);
  const output = cipher.update(input);
  cipher.final(); // without this Deno keeps the cipher for ever
  return output;
}
