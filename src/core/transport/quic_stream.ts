import type { ReceiveStream, SendStream, Stream } from "../connection.ts";
import { ConnectionClosedError, StreamClosedError } from "../errors.ts";
import type { Lifetime } from "./lifetime.ts";
import { readableFrom, writableFrom } from "./web_streams.ts";

/** Bytes asked of the transport at a time: the most that still reads fast (docs/bench.md). */
const READ_BYTES = 65_536;

/** The receiving half of a QUIC stream (RFC 9000 section 3.2). */
export class QuicReceive implements ReceiveStream {
  readonly id: number;
  readonly #source: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #lifetime: Lifetime;
  #reader?: ReadableStreamBYOBReader;
  #scratch = new Uint8Array(0);
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;

  constructor(source: Deno.QuicReceiveStream, lifetime: Lifetime) {
    this.id = Number(source.id);
    this.#source = source;
    this.#lifetime = lifetime;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const reader = this.#reader ??= this.#source.getReader({ mode: "byob" });
    const { done, value } = await reader.read(this.#room(buffer.length))
      .catch((error) => streamFailed(error, this.#lifetime));
    if (value === undefined || done) return null;
    this.#scratch = new Uint8Array(value.buffer);
    buffer.set(value);
    this.#lifetime.traffic.received += value.length;
    return value.length;
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.cancel());
  }

  /** Tells the peer to stop sending. */
  cancel(): void {
    const cancelled = this.#reader ? this.#reader.cancel() : this.#source.cancel();
    cancelled.catch(ignoreEnded);
  }

  /** A view of exactly the wanted length, in the buffer of the last read where that is large enough. */
  #room(wanted: number): Uint8Array<ArrayBuffer> {
    const length = Math.min(wanted, READ_BYTES);
    return this.#scratch.length >= length
      ? this.#scratch.subarray(0, length)
      : new Uint8Array(length);
  }
}

/** The sending half of a QUIC stream (RFC 9000 section 3.1). */
export class QuicSend implements SendStream {
  readonly id: number;
  readonly #sink: Deno.QuicSendStream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lifetime: Lifetime;
  #closing?: Promise<void>;
  #writable?: WritableStream<Uint8Array>;

  constructor(sink: Deno.QuicSendStream, lifetime: Lifetime) {
    this.id = Number(sink.id);
    this.#sink = sink;
    this.#writer = sink.getWriter();
    this.#lifetime = lifetime;
  }

  get sendOrder(): number {
    return this.#sink.sendOrder;
  }

  set sendOrder(order: number) {
    this.#sink.sendOrder = order;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    await this.#writer.write(bytes).catch((error) => streamFailed(error, this.#lifetime));
    this.#lifetime.traffic.sent += bytes.length;
  }

  closeWrite(): Promise<void> {
    return this.#closing ??= this.#writer.close()
      .catch((error) => streamFailed(error, this.#lifetime));
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.abort());
  }

  /** Drops what is not yet sent. */
  abort(): void {
    this.#writer.abort().catch(ignoreEnded);
  }
}

/** A bidirectional QUIC stream. */
export class QuicStream implements Stream {
  readonly #receive: QuicReceive;
  readonly #send: QuicSend;

  constructor(stream: Deno.QuicBidirectionalStream, lifetime: Lifetime) {
    this.#receive = new QuicReceive(stream.readable, lifetime);
    this.#send = new QuicSend(stream.writable, lifetime);
  }

  get id(): number {
    return this.#send.id;
  }

  get sendOrder(): number {
    return this.#send.sendOrder;
  }

  set sendOrder(order: number) {
    this.#send.sendOrder = order;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#receive.read(buffer);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#send.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#send.closeWrite();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#receive.readable;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#send.writable;
  }

  reset(): void {
    this.#send.abort();
    this.#receive.cancel();
  }
}

/** Turns Deno's errors, told apart only by their text, into ours. */
async function streamFailed(error: unknown, lifetime: Lifetime): Promise<never> {
  const text = error instanceof Error ? error.message : String(error);
  if (lifetime.info || /connection lost|timed out|closed by peer|aborted by peer/i.test(text)) {
    throw new ConnectionClosedError(await lifetime.closed, { cause: error });
  }
  throw new StreamClosedError(`Stream is over: ${text}`, { cause: error });
}

/** Giving up what is already over is no failure. */
function ignoreEnded(): void {}
