import type { ReceiveStream } from "@alknet/core";
import { ProtocolError } from "@alknet/core/web";

import { LENGTH_BYTES } from "./byte_writer.ts";

/** Bytes asked of the stream at a time while no large packet is under way. */
const CHUNK_BYTES = 65_536;

/** Cuts a stream into packets: a length of 4 bytes, and as many bytes. */
export class PacketReader {
  readonly #stream: Pick<ReceiveStream, "read">;
  readonly #maxBytes: number;
  #buffer = new Uint8Array(CHUNK_BYTES);
  #begin = 0;
  #end = 0;

  /** Reads a stream that nobody else reads; longer packets than `maxBytes` are refused. */
  constructor(stream: Pick<ReceiveStream, "read">, maxBytes: number) {
    this.#stream = stream;
    this.#maxBytes = maxBytes;
  }

  /**
   * The next packet without its length. It stays as it is when further ones are read.
   *
   * @returns Undefined at the end of the stream between two packets.
   * @throws {ProtocolError} For an end within a packet, an empty packet and one that is too long.
   */
  async next(): Promise<Uint8Array | undefined> {
    if (!await this.#fill(LENGTH_BYTES)) {
      if (this.#end === this.#begin) return undefined;
      throw new ProtocolError("Stream ended in the middle of a packet");
    }
    const length = this.#lengthAhead();
    if (length === 0 || length > this.#maxBytes) {
      throw new ProtocolError(`Packet of ${length} bytes: 1 to ${this.#maxBytes} are allowed`);
    }
    if (!await this.#fill(LENGTH_BYTES + length)) {
      throw new ProtocolError("Stream ended in the middle of a packet");
    }
    const from = this.#begin + LENGTH_BYTES;
    this.#begin = from + length;
    return this.#buffer.subarray(from, this.#begin);
  }

  /** Whether {@linkcode next} has a whole packet without reading the stream. */
  get ready(): boolean {
    const held = this.#end - this.#begin;
    return held >= LENGTH_BYTES && held >= LENGTH_BYTES + this.#lengthAhead();
  }

  #lengthAhead(): number {
    return new DataView(this.#buffer.buffer, this.#buffer.byteOffset + this.#begin).getUint32(0);
  }

  async #fill(wanted: number): Promise<boolean> {
    while (this.#end - this.#begin < wanted) {
      this.#makeRoom(wanted);
      const count = await this.#stream.read(this.#buffer.subarray(this.#end));
      if (count === null) return false;
      this.#end += count;
    }
    return true;
  }

  /** Goes on in a new buffer, since packets that were handed out are views of the old one. */
  #makeRoom(wanted: number): void {
    const needed = this.#begin + wanted;
    if (this.#buffer.length >= needed && this.#end < this.#buffer.length) return;
    const fresh = new Uint8Array(wanted + CHUNK_BYTES);
    fresh.set(this.#buffer.subarray(this.#begin, this.#end));
    this.#end -= this.#begin;
    this.#begin = 0;
    this.#buffer = fresh;
  }
}
