import type { Socket } from "node:net";
import { ConnectionClosedError, StreamClosedError } from "../errors.ts";
import { ChunkQueue } from "./chunk_queue.ts";
import type { Lifetime } from "./lifetime.ts";
import type { ReadGate } from "./read_gate.ts";
import type { SingleStream } from "./transport.ts";
import { readableFrom, writableFrom } from "./web_streams.ts";

/** How a TLS stream reads. */
export interface TlsReadOptions {
  /** Holds the peer back while the reader is slow. */
  readonly gate: ReadGate;
  /** Bytes read ahead before it does. */
  readonly maxBufferedBytes: number;
}

/**
 * The one stream of a TLS connection over a socket of node:tls (Deno's own TLS sockets have no way
 * to turn Nagle's algorithm off, which costs 40 ms a reply).
 */
export class TlsStream implements SingleStream {
  readonly #socket: Socket;
  readonly #gate: ReadGate;
  readonly #lifetime: Lifetime;
  readonly #maxBufferedBytes: number;
  readonly #chunks = new ChunkQueue({ owned: true });
  #stopped = false;
  #ended = false;
  #wake?: () => void;
  #hold?: Promise<void>;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;

  /** Takes over a connected socket with `allowHalfOpen`, which nobody else reads. */
  constructor(socket: Socket, lifetime: Lifetime, options: TlsReadOptions) {
    this.#socket = socket;
    this.#gate = options.gate;
    this.#lifetime = lifetime;
    this.#maxBufferedBytes = options.maxBufferedBytes;
    socket.on("data", (chunk: Uint8Array) => this.#received(chunk));
    socket.on("end", () => this.#finished());
    lifetime.closed.then(() => this.#finished());
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#hold) await this.#hold;
    while (this.#chunks.byteLength === 0) {
      if (this.#ended) return this.#endOfStream();
      await this.#wait();
    }
    return this.#take(buffer);
  }

  holdReads(until: Promise<void>): void {
    this.#hold = until;
    until.then(() => this.#hold = undefined, () => {});
  }

  write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#socket.writableEnded) reject(this.#failed()); // the socket would end the whole connection
    else this.#socket.write(bytes, (error) => error ? reject(this.#failed(error)) : resolve());
    this.#lifetime.traffic.sent += bytes.length;
    return promise;
  }

  closeWrite(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#socket.writableEnded || this.#socket.destroyed) resolve();
    else this.#socket.end(resolve);
    return promise;
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.reset());
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  reset(): void {
    this.#socket.destroy();
  }

  #finished(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #wait(): Promise<void> {
    if (this.#wake) {
      throw new StreamClosedError("Cannot read: another read of this stream is under way");
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = () => {
      this.#wake = undefined;
      resolve();
    };
    return promise;
  }

  #received(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#lifetime.traffic.received += chunk.length;
    if (!this.#stopped && this.#chunks.byteLength >= this.#maxBufferedBytes) {
      this.#stopped = true;
      this.#gate.stop();
    }
    this.#wake?.();
  }

  #take(buffer: Uint8Array): number {
    const filled = this.#chunks.take(buffer);
    if (this.#stopped && this.#chunks.byteLength < this.#maxBufferedBytes / 2) {
      this.#stopped = false;
      this.#gate.start();
    }
    return filled;
  }

  #endOfStream(): null {
    const info = this.#lifetime.info;
    if (info && !this.#socket.readableEnded) throw new ConnectionClosedError(info);
    return null;
  }

  #failed(error?: Error): Error {
    const info = this.#lifetime.info;
    return info
      ? new ConnectionClosedError(info, { cause: error })
      : new StreamClosedError(`Stream is over: ${error?.message ?? "ended"}`, { cause: error });
  }
}
