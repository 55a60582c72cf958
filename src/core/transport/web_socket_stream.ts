import type { Stream } from "../connection.ts";
import { ConnectionClosedError, ProtocolError, StreamClosedError } from "../errors.ts";
import { ChunkQueue } from "./chunk_queue.ts";
import type { Lifetime } from "./lifetime.ts";
import { readableFrom, writableFrom } from "./web_streams.ts";

/** Bytes that may be on their way in each direction before the reader says that it has taken some. */
export const WINDOW_BYTES = 262_144;

/** Largest message sent. */
const MESSAGE_BYTES = 65_536;

/** What the reader has taken before it says so. */
const CREDIT_STEP = WINDOW_BYTES / 2;
const NOTHING = new Uint8Array(0);

/** What a {@linkcode WebSocketStream} tells whom. */
export interface WebSocketStreamOptions {
  /** Closes the connection. */
  readonly giveUp: () => void;
  /** Takes text messages that grant nothing. Default: they close the connection. */
  readonly onText?: (text: string) => void;
}

/**
 * The one stream of a WebSocket: bytes in binary messages, an empty one for the end of a direction,
 * and numbers in text messages that grant the other side more bytes (docs/protocol/websocket.md).
 * A WebSocket cannot be told to read no further; the grants are what holds a fast peer back.
 */
export class WebSocketStream implements Stream {
  /** Resolves when the socket is open; rejects when it never will be. */
  readonly ready: Promise<void>;
  readonly #socket: WebSocket;
  readonly #lifetime: Lifetime;
  readonly #giveUp: () => void;
  readonly #onText?: (text: string) => void;
  readonly #chunks = new ChunkQueue({ owned: true });
  #taken = 0;
  #credit = WINDOW_BYTES;
  #readEnded = false;
  #writeEnded = false;
  #changed = Promise.withResolvers<void>();
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;

  /** Takes the socket over. */
  constructor(socket: WebSocket, lifetime: Lifetime, { giveUp, onText }: WebSocketStreamOptions) {
    this.#socket = socket;
    this.#lifetime = lifetime;
    this.#giveUp = giveUp;
    this.#onText = onText;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#received(data));
    socket.addEventListener("open", () => this.#change());
    lifetime.closed.then(() => this.#change());
    this.ready = this.#untilOpen();
    this.ready.catch(() => {});
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#chunks.byteLength === 0) {
      if (this.#readEnded) return null;
      this.#lifetime.assertOpen();
      await this.#changed.promise;
    }
    return this.#take(buffer);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.ready;
    for (let at = 0; at < bytes.length;) {
      this.#assertWritable();
      const part = bytes.slice(at, at + Math.min(MESSAGE_BYTES, this.#credit));
      if (part.length === 0) await this.#changed.promise;
      else this.#send(part);
      at += part.length;
    }
  }

  async closeWrite(): Promise<void> {
    if (this.#writeEnded) return;
    await this.ready;
    if (this.#writeEnded || this.#lifetime.info) return;
    this.#writeEnded = true;
    this.#socket.send(NOTHING);
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.reset());
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  reset(): void {
    this.#giveUp();
  }

  async #untilOpen(): Promise<void> {
    while (this.#socket.readyState === WebSocket.CONNECTING && !this.#lifetime.info) {
      await this.#changed.promise;
    }
    this.#lifetime.assertOpen();
  }

  #send(part: Uint8Array<ArrayBuffer>): void {
    this.#credit -= part.length;
    this.#lifetime.traffic.sent += part.length;
    this.#socket.send(part);
  }

  /** A peer that keeps to the rules never meets the throws: they close the connection. */
  #received(data: unknown): void {
    if (this.#lifetime.info) return;
    try {
      if (typeof data === "string") this.#told(data);
      else if (data instanceof ArrayBuffer) this.#arrived(new Uint8Array(data));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#giveUp();
    }
    this.#change();
  }

  #told(text: string): void {
    if (/^[1-9]\d{0,6}$/.test(text)) return this.#granted(Number(text));
    if (!this.#onText) throw new ProtocolError("Grant is no number");
    this.#onText(text);
  }

  #granted(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > WINDOW_BYTES) throw new ProtocolError("Grant is of more than was sent");
  }

  #arrived(bytes: Uint8Array): void {
    if (this.#readEnded) throw new ProtocolError("Bytes after the end");
    if (bytes.length === 0) {
      this.#readEnded = true;
      return;
    }
    if (this.#chunks.byteLength + bytes.length + this.#taken > WINDOW_BYTES) {
      throw new ProtocolError("Bytes without grant");
    }
    this.#lifetime.traffic.received += bytes.length;
    this.#chunks.push(bytes);
  }

  #take(buffer: Uint8Array): number {
    const filled = this.#chunks.take(buffer);
    this.#taken += filled;
    if (this.#taken >= CREDIT_STEP && !this.#readEnded) this.#grant();
    return filled;
  }

  #grant(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(String(this.#taken));
    this.#taken = 0;
  }

  #assertWritable(): void {
    const { info } = this.#lifetime;
    if (info) throw new ConnectionClosedError(info);
    if (this.#writeEnded) throw new StreamClosedError("Stream is over: this side has ended it");
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
