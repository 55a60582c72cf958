import { Buffer } from "node:buffer";

import { SshProtocolError } from "../errors.ts";
import { Message } from "../wire/message.ts";
import { LENGTH_BYTES, type PacketAead, TAG_BYTES } from "./packet_aead.ts";

const MIN_PADDING_BYTES = 4;
/** Longest packet that is taken, as in ssh2. */
const MAX_PACKET_BYTES = 35_000;
const SMALL_ROOM_BYTES = 1_024;
const BULK: ReadonlySet<number> = new Set([Message.ChannelData, Message.ChannelExtendedData]);

/** Takes payloads; says where to go on when one of them has changed the keys. */
export type OnPayload = (payload: Buffer) => unknown;

/**
 * Opens packets, with the interface of ssh2's deciphers. Each is gathered in one place and opened
 * there, so that nothing is made for it: **data of channels is only to be had while the callback
 * runs**; messages of other kinds are copies, since ssh2 and others keep them.
 */
export class PacketDecipher {
  /** Number of the next packet; set by the key exchange. */
  inSeqno: number;
  /** Takes payloads; exchanged by the key exchange. */
  _onPayload: OnPayload;
  readonly #aead: PacketAead;
  /** The length, the body and the tag, as they come in. */
  #room = new Uint8Array(SMALL_ROOM_BYTES);
  #filled = 0;
  #wanted = LENGTH_BYTES;
  #isFree = false;

  /** Goes on from the number of the last packet. */
  constructor(aead: PacketAead, sequence: number, onPayload: OnPayload) {
    this.#aead = aead;
    this.inSeqno = sequence;
    this._onPayload = onPayload;
  }

  /** Opens nothing any more. */
  free(): void {
    if (this.#isFree) return;
    this.#isFree = true;
    this.#aead.free();
  }

  /**
   * Takes bytes from `start` to `end`.
   *
   * @returns Where to go on, when a payload has changed the keys.
   * @throws {SshProtocolError} For a packet that is too long, or not the other side's.
   */
  decrypt(data: Uint8Array, start: number, end: number): number | undefined {
    let at = start;
    while (at < end && !this.#isFree) {
      const count = Math.min(this.#wanted - this.#filled, end - at);
      this.#room.set(data.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#wanted) return undefined;
      if (this.#wanted === LENGTH_BYTES) this.#begin();
      else {
        const result = this._onPayload(this.#open());
        if (result !== undefined) return typeof result === "number" ? result : at;
      }
    }
    return undefined;
  }

  #begin(): void {
    const length = this.#aead.lengthOf(this.inSeqno, this.#room.subarray(0, LENGTH_BYTES));
    const { alignment } = this.#aead;
    if (length < alignment || length > MAX_PACKET_BYTES || length % alignment !== 0) {
      throw new SshProtocolError("Packet of an impossible length");
    }
    this.#wanted = LENGTH_BYTES + length + TAG_BYTES;
    if (this.#room.length >= this.#wanted) return;
    const larger = new Uint8Array(LENGTH_BYTES + MAX_PACKET_BYTES + TAG_BYTES);
    larger.set(this.#room.subarray(0, LENGTH_BYTES));
    this.#room = larger;
  }

  #open(): Buffer {
    const packet = this.#room.subarray(0, this.#wanted);
    if (!this.#aead.open(this.inSeqno, packet)) {
      throw new SshProtocolError("Packet has a wrong MAC");
    }
    const padding = packet[LENGTH_BYTES] ?? 0;
    const start = LENGTH_BYTES + 1;
    const end = packet.length - TAG_BYTES - padding;
    if (padding < MIN_PADDING_BYTES || end < start) {
      throw new SshProtocolError("Packet of an impossible padding");
    }
    this.inSeqno = (this.inSeqno + 1) >>> 0;
    this.#filled = 0;
    this.#wanted = LENGTH_BYTES;
    const payload = packet.subarray(start, end);
    return BULK.has(payload[0] ?? 0)
      ? Buffer.from(payload.buffer, payload.byteOffset, payload.length)
      : Buffer.from(payload);
  }
}
