import type { SendStream } from "@alknet/core";

/** Packets up to this size are joined, so that many small ones are one write. */
const SMALL_BYTES = 16_384;
/** Most bytes that are joined. */
const JOINED_BYTES = 65_536;

/** What a {@linkcode PacketWriter} tells. */
export interface PacketWriterHooks {
  /** The stream cannot be written to any more. */
  failed(error: unknown): void;
  /** What was written is of no use any more: a packet, or several that were joined. */
  sent?(bytes: Uint8Array): void;
}

/** Sends packets in order, several to a write where they are small. */
export class PacketWriter {
  readonly #stream: Pick<SendStream, "write">;
  readonly #hooks: PacketWriterHooks;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #sending?: Promise<void>;
  #progress = Promise.withResolvers<void>();

  /** Takes the stream, and whom to tell. */
  constructor(stream: Pick<SendStream, "write">, hooks: PacketWriterHooks) {
    this.#stream = stream;
    this.#hooks = hooks;
  }

  /** Bytes that have not been sent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Puts a packet behind the others; {@linkcode send} sends them. */
  push(packet: Uint8Array): void {
    this.#waiting.push(packet);
    this.#bytes += packet.length;
  }

  /** Begins sending what waits. */
  send(): void {
    if (this.#waiting.length > 0) this.#sending ??= this.#sendAll();
  }

  /** Waits until fewer bytes wait. */
  async below(bytes: number): Promise<void> {
    while (this.#bytes >= bytes && this.#bytes > 0) {
      this.send();
      await this.#progress.promise;
    }
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const part = this.#take();
        await this.#stream.write(part);
        this.#hooks.sent?.(part);
        this.#sent(part.length);
      }
    } catch (error) {
      this.#waiting = [];
      this.#sent(this.#bytes);
      this.#hooks.failed(error);
    } finally {
      this.#sending = undefined;
    }
  }

  #sent(count: number): void {
    this.#bytes -= count;
    this.#progress.resolve();
    this.#progress = Promise.withResolvers<void>();
  }

  /** The next packet, or several small ones as one. */
  #take(): Uint8Array {
    let count = 0;
    let total = 0;
    for (const { length } of this.#waiting) {
      if (length > SMALL_BYTES || total + length > JOINED_BYTES) break;
      total += length;
      count++;
    }
    const [first = new Uint8Array(0), ...others] = this.#waiting.splice(0, Math.max(1, count));
    if (others.length === 0) return first;
    const joined = new Uint8Array(total);
    let at = 0;
    for (const packet of [first, ...others]) {
      joined.set(packet, at);
      at += packet.length;
    }
    return joined;
  }
}
