import {
  type Connection,
  ConnectionClosedError,
  ProtocolError,
  readFull,
  type Stream,
} from "@alknet/core";

import {
  decodeGreeting,
  decodeGreetingLength,
  LENGTH_BYTES,
  PROBE_BYTES,
  type Whoami,
} from "./ping_wire.ts";

/** What {@linkcode pingOver} can be told. */
export interface PingOptions {
  /** How many probes to send. Default: until the signal or the connection ends it. */
  readonly count?: number;
  /** Time from one probe to the next, in milliseconds. Default: 1,000. */
  readonly intervalMs?: number;
  /** Time an answer may take, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number;
  /** Ends it; the generator then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One answered probe. */
export interface PingReply {
  /** Number of the probe, from 0. */
  readonly seq: number;
  /** Time from its writing to the last byte of its answer, in milliseconds. */
  readonly rttMs: number;
  /** Who this side is to the node. */
  readonly whoami: Whoami;
}

/** Thrown when a probe is not answered in time. */
export class PingTimeoutError extends Error {
  /** The class's name. */
  override readonly name = "PingTimeoutError";
  /** Who was slow. */
  readonly blame = "remote";
}

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 5_000;

/**
 * Sends probes over a connection, one after the other on one stream, and yields each answer.
 * Leaving the loop early gives the stream up; the connection stays open.
 *
 * @param conn A connection with the ALPN of {@linkcode ping}.
 * @param options How many, how often, how long.
 * @throws {PingTimeoutError} When an answer does not come in time.
 * @throws {ProtocolError} When something else comes.
 * @throws {ConnectionClosedError} When the connection ends.
 *
 * @example
 * ```ts
 * import { forEachStream } from "@alknet/core";
 * import { memoryPair } from "@alknet/core/testing";
 * import { pingOver, PingTimeoutError } from "@alknet/ping";
 * import { rejects } from "node:assert/strict";
 *
 * const [conn, silent] = memoryPair();
 * await rejects(pingOver(conn, { timeoutMs: 5 }).next(), PingTimeoutError);
 * silent.close();
 * ```
 */
export async function* pingOver(
  conn: Connection,
  options: PingOptions = {},
): AsyncGenerator<PingReply, void> {
  const { count = Infinity, intervalMs = INTERVAL_MS, timeoutMs = TIMEOUT_MS, signal } = options;
  signal?.throwIfAborted();
  const stream = await conn.openStream();
  const pinger = new Pinger(conn, stream, timeoutMs, signal);
  try {
    for (let seq = 0; seq < count; seq++) {
      if (seq > 0) await pinger.pause(intervalMs);
      yield { seq, ...await pinger.probe() };
    }
    await pinger.finish();
  } finally {
    pinger[Symbol.dispose]();
  }
}

/** One stream of probes, each under a deadline. */
class Pinger implements Disposable {
  readonly #conn: Connection;
  readonly #stream: Stream;
  readonly #timeoutMs: number;
  readonly #signal?: AbortSignal;
  #whoami?: Whoami;
  #finished = false;

  constructor(conn: Connection, stream: Stream, timeoutMs: number, signal?: AbortSignal) {
    this.#conn = conn;
    this.#stream = stream;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#reset);
  }

  /** Sends a probe nobody could guess and waits for it to come back. */
  probe(): Promise<Omit<PingReply, "seq">> {
    return this.#inTime(async () => {
      const sent = crypto.getRandomValues(new Uint8Array(PROBE_BYTES));
      const startedAt = performance.now();
      await this.#stream.write(sent);
      const back = await this.#read(PROBE_BYTES);
      const rttMs = performance.now() - startedAt;
      if (sent.some((byte, index) => byte !== back[index])) {
        throw new ProtocolError("Answer differs from the probe");
      }
      this.#whoami ??= await this.#readGreeting();
      return { rttMs, whoami: this.#whoami };
    });
  }

  /** Ends this side and waits until the other has, so that nothing is cut off by a close. */
  async finish(): Promise<void> {
    await this.#inTime(async () => {
      await this.#stream.closeWrite();
      if (await readFull(this.#stream, new Uint8Array(1))) {
        throw new ProtocolError("More came than was asked for");
      }
    });
    this.#finished = true;
  }

  async pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#signal?.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([promise, this.#conn.closed]);
    clearTimeout(timer);
    this.#signal?.throwIfAborted();
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#reset);
    if (!this.#finished) this.#stream.reset();
  }

  readonly #reset = (): void => this.#stream.reset();

  /** Resetting the stream is what wakes a read that waits for ever. */
  async #inTime<T>(task: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted(); // an abort while the stream was being opened
    let late: PingTimeoutError | undefined;
    const timer = setTimeout(() => {
      late = new PingTimeoutError(`No answer within ${this.#timeoutMs} ms`);
      this.#stream.reset();
    }, this.#timeoutMs);
    try {
      return await task();
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw late ?? error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #readGreeting(): Promise<Whoami> {
    const length = decodeGreetingLength(await this.#read(LENGTH_BYTES));
    return decodeGreeting(await this.#read(length));
  }

  async #read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    if (await readFull(this.#stream, bytes)) return bytes;
    throw new ConnectionClosedError(this.#conn.signal.aborted ? await this.#conn.closed : ENDED);
  }
}

const ENDED = { code: 0, reason: "node ended the stream" };
