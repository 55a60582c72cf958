import type { Address, CloseInfo, Stream } from "../connection.ts";
import { ConnectionClosedError, StreamClosedError, StreamUnavailableError } from "../errors.ts";
import type { AuthContext, Identity } from "../identity.ts";
import { AcceptQueue } from "../transport/accept_queue.ts";
import { Lifetime } from "../transport/lifetime.ts";
import type { Traffic, TransportConnection } from "../transport/transport.ts";
import { readableFrom, writableFrom } from "../transport/web_streams.ts";

/** Bytes one direction of a memory stream holds before its writer waits. */
const PIPE_BYTES = 65_536;
const NOWHERE: Address = { hostname: "memory", port: 0 };

/** What {@linkcode memoryPair} can be told. */
export interface MemoryPairOptions {
  /** ALPN of both ends. Default: `alknet/test`. */
  readonly alpn?: string;
  /** Whether there is one stream only, as on TLS and WebSocket. Default: false. */
  readonly singleStream?: boolean;
  /** The client's identity as the server sees it. Default: a stranger. */
  readonly identity?: Identity;
}

/**
 * Two ends of a connection within the process, behaving as the transports do.
 *
 * @param options ALPN, streams, identity.
 * @returns The dialling end and the accepting end.
 *
 * @example
 * ```ts
 * import { memoryPair } from "@alknet/core/testing";
 * import { strictEqual } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * const stream = await client.openStream();
 * await stream.write(new Uint8Array([1, 2, 3]));
 * for await (const incoming of server.streams) {
 *   strictEqual(await incoming.read(new Uint8Array(10)), 3);
 *   break;
 * }
 * client.close();
 * ```
 */
export function memoryPair(
  options: MemoryPairOptions = {},
): [TransportConnection, TransportConnection] {
  const { alpn = "alknet/test", singleStream = false, identity } = options;
  const client = new MemoryConnection(alpn, true, singleStream);
  const server = new MemoryConnection(alpn, false, singleStream);
  MemoryConnection.join(client, server);
  server.auth = { identity, alpn, remoteAddr: NOWHERE };
  return [client, server];
}

class MemoryConnection implements TransportConnection {
  auth?: AuthContext;
  readonly alpn: string;
  readonly remoteAddr = NOWHERE;
  readonly transport = "memory";
  readonly handshake: Promise<void> = Promise.resolve();
  readonly peerFingerprints: readonly string[] = [];
  readonly lifetime = new Lifetime();
  readonly #dialled: boolean;
  readonly #singleStream: boolean;
  readonly #arrived: Stream[] = [];
  readonly #streams: AcceptQueue<Stream>;
  #peer?: MemoryConnection;
  #opened = 0;
  #accepted = 0;
  #arrival = Promise.withResolvers<void>();

  constructor(alpn: string, dialled: boolean, singleStream: boolean) {
    this.alpn = alpn;
    this.#dialled = dialled;
    this.#singleStream = singleStream;
    this.#streams = new AcceptQueue(() => this.#next());
  }

  static join(a: MemoryConnection, b: MemoryConnection): void {
    a.#peer = b;
    b.#peer = a;
  }

  get identity(): Identity | undefined {
    return this.auth?.identity;
  }

  get streams(): AsyncIterable<Stream> {
    return this.#streams;
  }

  get traffic(): Traffic {
    return this.lifetime.traffic;
  }

  get closed(): Promise<CloseInfo> {
    return this.lifetime.closed;
  }

  get signal(): AbortSignal {
    return this.lifetime.signal;
  }

  // deno-lint-ignore require-await -- the contract is a promise that rejects
  async openStream(): Promise<Stream> {
    this.lifetime.assertOpen();
    if (this.#singleStream && (this.#opened > 0 || !this.#dialled)) {
      throw new StreamUnavailableError("Cannot open a stream: this connection has only one");
    }
    this.#opened++;
    const there = new Pipe(this.lifetime);
    const back = new Pipe(this.lifetime);
    const peer = this.#peer;
    if (peer) peer.#arrive(new MemoryStream(there, back, peer.traffic));
    return new MemoryStream(back, there, this.traffic);
  }

  close(code = 0, reason = ""): void {
    if (!this.lifetime.end({ code, reason })) return;
    this.#over();
    const seen = this.#singleStream ? { code: 0, reason: "" } : { code, reason };
    const peer = this.#peer;
    if (peer?.lifetime.end(seen)) peer.#over();
  }

  stopAccepting(): void {
    this.#streams.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #over(): void {
    this.#streams.end();
    this.#arrival.resolve();
  }

  #arrive(stream: Stream): void {
    this.#arrived.push(stream);
    this.#arrival.resolve();
  }

  async #next(): Promise<Stream | undefined> {
    if (this.#singleStream && (this.#dialled || this.#accepted > 0)) return undefined;
    while (this.#arrived.length === 0 && !this.lifetime.info) {
      this.#arrival = Promise.withResolvers<void>();
      await this.#arrival.promise;
    }
    this.#accepted++;
    return this.#arrived.shift();
  }
}

/** One direction: bytes in order, an end, and a writer that waits when it is full. */
class Pipe {
  readonly #lifetime: Lifetime;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #state: "open" | "ended" | "stopped" = "open";
  #changed = Promise.withResolvers<void>();

  constructor(lifetime: Lifetime) {
    this.#lifetime = lifetime;
    lifetime.closed.then(() => this.#change());
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#assertWritable();
    for (let rest = bytes.slice(); rest.length > 0;) {
      while (this.#held >= PIPE_BYTES) await this.#wait();
      this.#assertWritable();
      const part = rest.subarray(0, PIPE_BYTES - this.#held);
      this.#chunks.push(part);
      this.#held += part.length;
      rest = rest.subarray(part.length);
      this.#change();
    }
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#state !== "open") return null;
      if (this.#lifetime.info) throw new ConnectionClosedError(this.#lifetime.info);
      await this.#wait();
    }
    const chunk = this.#chunks.shift() ?? new Uint8Array(0);
    const part = chunk.subarray(0, buffer.length);
    if (part.length < chunk.length) this.#chunks.unshift(chunk.subarray(part.length));
    buffer.set(part);
    this.#held -= part.length;
    this.#change();
    return part.length;
  }

  end(state: "ended" | "stopped"): void {
    if (this.#state === "open") this.#state = state;
    if (state === "stopped") this.#chunks = [];
    this.#held = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#change();
  }

  #assertWritable(): void {
    if (this.#lifetime.info) throw new ConnectionClosedError(this.#lifetime.info);
    if (this.#state !== "open") throw new StreamClosedError(`Stream is over: ${this.#state}`);
  }

  async #wait(): Promise<void> {
    if (this.#lifetime.info) throw new ConnectionClosedError(this.#lifetime.info);
    await this.#changed.promise;
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

class MemoryStream implements Stream {
  readonly #in: Pipe;
  readonly #out: Pipe;
  readonly #traffic: Traffic;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<Uint8Array>;

  constructor(incoming: Pipe, outgoing: Pipe, traffic: Traffic) {
    this.#in = incoming;
    this.#out = outgoing;
    this.#traffic = traffic;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#in.read(buffer);
    this.#traffic.received += count ?? 0;
    return count;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#out.write(bytes);
    this.#traffic.sent += bytes.length;
  }

  closeWrite(): Promise<void> {
    this.#out.end("ended");
    return Promise.resolve();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.#in.end("stopped"));
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.reset());
  }

  reset(): void {
    this.#in.end("stopped");
    this.#out.end("stopped");
  }
}
