import type { Stream } from "@alknet/core";

import { BLOCK_BYTES, giveBlock, takeBlock } from "../bytes/block_pool.ts";
import type { PacketRoom } from "./packet_cipher_adapter.ts";

/** Packets one behind the other, written to the stream at once. */
interface Batch {
  readonly block: Uint8Array<ArrayBuffer>;
  length: number;
}

/**
 * What waits to be written to a stream. Packets are made where they are written from, several of
 * them to a write; who has bulk to send can wait until there is room.
 */
export class OutgoingBytes implements PacketRoom {
  readonly #stream: Stream;
  /** The last one is being filled; one that is being written is no longer here. */
  #batches: Batch[] = [];
  #queuedBytes = 0;
  #writing?: Promise<void>;
  #broken = false;
  #changed = Promise.withResolvers<void>();

  /** Writes to `stream`, which nobody else writes to. */
  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Bytes not yet taken by the stream. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Whether the stream takes no more. */
  get isBroken(): boolean {
    return this.#broken;
  }

  /** Resolves when something changes. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Tells everybody who waits to look again. */
  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** See {@linkcode PacketRoom}. */
  reserve(bytes: number): Uint8Array {
    const { block, length } = this.#batchFor(bytes);
    return block.subarray(length, length + bytes);
  }

  /** See {@linkcode PacketRoom}. */
  commit(bytes: number): void {
    if (this.#broken) return this.#forget();
    const batch = this.#batches.at(-1);
    if (batch) batch.length += bytes;
    this.#queuedBytes += bytes;
    this.#writing ??= this.#writeAll();
  }

  /** Queues a copy of some bytes. */
  push(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes);
    this.commit(bytes.length);
  }

  /** Resolves when less than `limit` bytes wait, or the stream takes no more. */
  async below(limit: number): Promise<void> {
    while (this.#queuedBytes >= limit && !this.#broken) await this.changed;
  }

  /** Writes what is queued and ends this direction; gives up after a while. Never throws. */
  async finish(timeoutMs: number): Promise<void> {
    this.wake();
    const timer = setTimeout(() => this.#stream.reset(), timeoutMs);
    try {
      await this.#writing;
      await this.#stream.closeWrite();
    } catch {
      this.#stream.reset(); // the peer is gone, or reads no more
    } finally {
      clearTimeout(timer);
    }
  }

  #batchFor(bytes: number): Batch {
    const last = this.#batches.at(-1);
    if (last && last.length + bytes <= last.block.length) return last;
    const block = bytes > BLOCK_BYTES ? new Uint8Array(bytes) : takeBlock();
    const batch = { block, length: 0 };
    this.#batches.push(batch);
    return batch;
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // what is sent in one turn is one write
    try {
      for (let batch = this.#batches.shift(); batch; batch = this.#batches.shift()) {
        await this.#stream.write(batch.block.subarray(0, batch.length));
        giveBlock(batch.block);
        this.#queuedBytes -= batch.length;
        this.wake();
      }
    } catch {
      this.#broken = true; // reading tells why, and ends everything
      this.#forget(); // the block of the write that failed may still be looked at: it is not reused
      this.wake();
    }
    this.#writing = undefined;
  }

  #forget(): void {
    for (const { block } of this.#batches.splice(0)) giveBlock(block);
    this.#queuedBytes = 0;
  }
}
