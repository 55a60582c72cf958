import { SshProtocolError } from "../errors.ts";

/** Largest datagram that UDP over IPv4 carries. */
export const MAX_DATAGRAM_BYTES = 65_507;

const HEADER_BYTES = 2;

/** A datagram as it travels in a channel: its length as a `uint16`, then its bytes. */
export function frameDatagram(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(frame.buffer).setUint16(0, payload.length);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Cuts what comes on a channel into datagrams. It holds at most one that is not complete. */
export class DatagramFrames {
  #held = new Uint8Array(0);

  /**
   * Takes the next bytes.
   *
   * @returns Datagrams that are complete now.
   * @throws {SshProtocolError} For one that is too long for UDP.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    const view = new DataView(all.buffer);
    const datagrams: Uint8Array[] = [];
    let at = 0;
    while (all.length - at >= HEADER_BYTES) {
      const length = view.getUint16(at);
      if (length > MAX_DATAGRAM_BYTES) throw new SshProtocolError("Datagram is too long");
      const end = at + HEADER_BYTES + length;
      if (end > all.length) break;
      datagrams.push(all.slice(at + HEADER_BYTES, end));
      at = end;
    }
    this.#held = all.slice(at);
    return datagrams;
  }
}
