import type { SendStream } from "@alknet/core";

import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError } from "./errors.ts";

/** What an {@linkcode Outbox} needs. */
export interface OutboxOptions {
  /** Opens the stream, once there is something to send. */
  open(): Promise<SendStream>;
  /** What the stream begins with. */
  readonly prefix: Uint8Array;
  /** Bytes that may wait for a peer that does not read. */
  readonly maxBytes: number;
  /** Told of a peer that does not read, or a stream that broke. */
  failed(error: unknown): void;
}

/** A stream that is written to from many places, none of which waits: control and QPACK streams. */
export class Outbox {
  readonly #options: OutboxOptions;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #sending?: Promise<void>;
  #stream?: SendStream;

  /** Opens nothing yet. */
  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Sends bytes behind all that was given before, together with what else is given meanwhile. */
  send(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > this.#options.maxBytes) {
      const message = "Peer does not read its control or QPACK stream";
      return this.#options.failed(new H3ConnectionError(H3ErrorCode.ExcessiveLoad, message));
    }
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when everything given so far has been handed to the transport, or cannot be. */
  async flushed(): Promise<void> {
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    try {
      if (!this.#stream) {
        this.#stream = await this.#options.open();
        this.#pending.unshift(this.#options.prefix);
      }
      while (this.#pending.length > 0) await this.#stream.write(this.#takePending());
    } catch (error) {
      this.#options.failed(error);
    }
    this.#sending = undefined;
  }

  #takePending(): Uint8Array {
    const parts = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    const [first] = parts;
    return first && parts.length === 1 ? first : concat(parts);
  }
}

/** Several pieces of bytes as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
