import {
  ConnectionClosedError,
  type ReceiveStream,
  type SendStream,
  type Stream,
} from "@alknet/core";
import { type Lifetime, readableFrom, writableFrom } from "@alknet/core/transport";

/** What the streams of one session share with it. */
export interface SessionScope {
  /** The session's life. */
  readonly lifetime: Lifetime;
  /** What to give up when it ends. */
  readonly live: Set<() => void>;
}

/** The receiving half of a session's stream: ends with the session, whatever the stream does. */
export class SessionReceive implements ReceiveStream {
  readonly id?: number;
  readonly #source: Pick<ReceiveStream, "read">;
  readonly #scope: SessionScope;
  readonly #cancel: () => void;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;

  /** @param cancel Tells the peer to stop sending. */
  constructor(
    source: Pick<ReceiveStream, "read" | "id">,
    scope: SessionScope,
    cancel: () => void,
  ) {
    this.id = source.id;
    this.#source = source;
    this.#scope = scope;
    this.#cancel = cancel;
    scope.live.add(cancel);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    let count: number | null = null;
    try {
      count = await inSession(this.#scope, () => this.#source.read(buffer));
      this.#scope.lifetime.traffic.received += count ?? 0;
      return count;
    } finally {
      if (count === null) this.#scope.live.delete(this.#cancel);
    }
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableFrom(this, () => this.cancel());
  }

  /** Tells the peer to stop sending. */
  cancel(): void {
    this.#scope.live.delete(this.#cancel);
    this.#cancel();
  }
}

/** The sending half of a session's stream. */
export class SessionSend implements SendStream {
  readonly id?: number;
  readonly #sink: SendStream;
  readonly #scope: SessionScope;
  readonly #abort: () => void;
  #writable?: WritableStream<Uint8Array>;

  /** @param abort Gives up what is not yet sent. */
  constructor(sink: SendStream, scope: SessionScope, abort: () => void) {
    this.id = sink.id;
    this.#sink = sink;
    this.#scope = scope;
    this.#abort = abort;
    scope.live.add(abort);
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await inSession(this.#scope, () => this.#sink.write(bytes));
      this.#scope.lifetime.traffic.sent += bytes.length;
    } catch (error) {
      this.#scope.live.delete(this.#abort);
      throw error;
    }
  }

  async closeWrite(): Promise<void> {
    this.#scope.live.delete(this.#abort);
    await inSession(this.#scope, () => this.#sink.closeWrite());
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableFrom(this, () => this.abort());
  }

  /** Gives up what is not yet sent. */
  abort(): void {
    this.#scope.live.delete(this.#abort);
    this.#abort();
  }
}

/** A bidirectional stream of a session. */
export class SessionStream implements Stream {
  readonly id?: number;
  readonly #receive: SessionReceive;
  readonly #send: SessionSend;
  readonly #raw: Stream;

  /**
   * @param raw The stream below.
   * @param source Where to read from, where that is not `raw` itself.
   */
  constructor(raw: Stream, scope: SessionScope, source: Pick<ReceiveStream, "read"> = raw) {
    this.id = raw.id;
    this.#raw = raw;
    const cancel = (): void => void raw.readable.cancel().catch(ignoreEnded);
    this.#receive = new SessionReceive(
      { id: raw.id, read: (to) => source.read(to) },
      scope,
      cancel,
    );
    this.#send = new SessionSend(raw, scope, () => raw.reset());
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

  get sendOrder(): number | undefined {
    return this.#raw.sendOrder;
  }

  set sendOrder(order: number | undefined) {
    this.#raw.sendOrder = order;
  }

  reset(): void {
    this.#send.abort();
    this.#receive.cancel();
  }
}

/** Does something with a stream; what fails because the session is over says so. */
async function inSession<T>({ lifetime }: SessionScope, act: () => Promise<T>): Promise<T> {
  lifetime.assertOpen();
  try {
    const result = await act();
    if (result === null) lifetime.assertOpen();
    return result;
  } catch (error) {
    if (!lifetime.info || error instanceof ConnectionClosedError) throw error;
    throw new ConnectionClosedError(lifetime.info, { cause: error });
  }
}

/** Giving up what is already over is no failure. */
function ignoreEnded(): void {}
