import type { Stream } from "@alknet/core";

/** Bytes written to the stream at a time. */
const WRITE_BYTES = 65_536;

/**
 * What waits to be written to a stream. The engine writes a packet in three pieces and does not ask
 * whether there is room; here they are joined, and who has bulk to send can wait.
 */
export class OutgoingBytes {
  readonly #stream: Stream;
  #queue: Uint8Array[] = [];
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

  /** Queues bytes, which must not change any more. */
  push(bytes: Uint8Array): void {
    if (this.#broken) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#writing ??= this.#writeAll();
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

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // the pieces of one packet come in one turn
    try {
      while (this.#queuedBytes > 0) {
        const bytes = this.#next();
        await this.#stream.write(bytes);
        this.#queuedBytes -= bytes.length;
        this.wake();
      }
    } catch {
      this.#broken = true; // reading tells why, and ends everything
      this.#queue = [];
      this.#queuedBytes = 0;
      this.wake();
    }
    this.#writing = undefined;
  }

  #next(): Uint8Array {
    let count = 1;
    let total = this.#queue[0]?.length ?? 0;
    for (; count < this.#queue.length; count++) {
      const length = this.#queue[count]?.length ?? 0;
      if (total + length > WRITE_BYTES) break;
      total += length;
    }
    const [first = new Uint8Array(0), ...more] = this.#queue.splice(0, count);
    if (more.length === 0) return first;
    const all = new Uint8Array(total);
    let at = 0;
    for (const piece of [first, ...more]) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}
