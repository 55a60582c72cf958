import { Buffer } from "node:buffer";

import { LENGTH_BYTES, type PacketAead, TAG_BYTES } from "./packet_aead.ts";

const MIN_PADDING_BYTES = 4;
const NOTHING = new Uint8Array(0);

/** Where sealed packets are made. */
export interface PacketRoom {
  /** Room for so many bytes behind what was filled in so far; what is in it is of no meaning. */
  reserve(bytes: number): Uint8Array;
  /** The room is filled in, and goes to the other side. */
  commit(bytes: number): void;
}

/**
 * Seals packets, with the interface of ssh2's ciphers for what ssh2 sends itself. A message is put
 * together where it is written from, and sealed there: it is copied once and nothing is made for it.
 */
export class PacketCipher {
  /** Number of the next packet; set by the key exchange. */
  outSeqno: number;
  readonly #aead: PacketAead;
  readonly #room: PacketRoom;
  #isFree = false;

  /** Goes on from the number of the last packet. */
  constructor(aead: PacketAead, sequence: number, room: PacketRoom) {
    this.#aead = aead;
    this.outSeqno = sequence;
    this.#room = room;
  }

  /** Seals nothing any more. */
  free(): void {
    if (this.#isFree) return;
    this.#isFree = true;
    this.#aead.free();
  }

  /** Seals a message of one or two parts and sends it. */
  seal(head: Uint8Array, rest: Uint8Array = NOTHING): void {
    if (this.#isFree) return;
    const payload = head.length + rest.length;
    const padding = this.#paddingFor(payload);
    const packet = this.#room.reserve(LENGTH_BYTES + 1 + payload + padding + TAG_BYTES);
    writeFrame(packet, payload, padding);
    packet.set(head, LENGTH_BYTES + 1);
    packet.set(rest, LENGTH_BYTES + 1 + head.length);
    this.#finish(packet);
  }

  /** A packet with room for a payload at its sixth byte, padding and length already there. */
  allocPacket(payloadBytes: number): Uint8Array {
    const padding = this.#paddingFor(payloadBytes);
    const packet = Buffer.alloc(LENGTH_BYTES + 1 + payloadBytes + padding); // as ssh2 wants it
    writeFrame(packet, payloadBytes, padding);
    return packet;
  }

  /** Seals a whole packet and sends it. */
  encrypt(packet: Uint8Array): void {
    if (this.#isFree) return;
    const room = this.#room.reserve(packet.length + TAG_BYTES);
    room.set(packet);
    this.#finish(room);
  }

  #finish(packet: Uint8Array): void {
    this.#aead.seal(this.outSeqno, packet);
    this.#room.commit(packet.length);
    this.outSeqno = (this.outSeqno + 1) >>> 0;
  }

  #paddingFor(payloadBytes: number): number {
    const { alignment } = this.#aead;
    const padding = alignment - (1 + payloadBytes) % alignment;
    return padding < MIN_PADDING_BYTES ? padding + alignment : padding;
  }
}

/** Length, length of the padding, and the padding, which is random. */
function writeFrame(packet: Uint8Array, payloadBytes: number, padding: number): void {
  const view = new DataView(packet.buffer, packet.byteOffset);
  view.setUint32(0, 1 + payloadBytes + padding);
  packet[LENGTH_BYTES] = padding;
  const start = LENGTH_BYTES + 1 + payloadBytes;
  crypto.getRandomValues(packet.subarray(start, start + padding));
}
