import { ConnectionClosedError, type Stream, StreamClosedError } from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import { CallCode, CallError, unavailable } from "./call_error.ts";
import { CallWireError, type EventEnvelope } from "./envelope.ts";
import { FrameWriter } from "./frame_writer.ts";
import { encodeFrame, FrameDecoder, LENGTH_BYTES } from "./frames.ts";
import type { Load } from "./load.ts";
import { errorEvent } from "./payloads.ts";
import type { CallSession } from "./session.ts";
import type { Sink } from "./sink.ts";

const log = getLogger(["alknet", "call"]);

const READ_BYTES = 32_768;

/** Time the peer has to read why its stream was given up. */
const LAST_WORDS_MS = 1_000;

/** Time for an answer that took another stream than the one that ended. */
const STRAY_ANSWER_MS = 1_000;

/** What a {@linkcode Lane} is made of. */
export interface LaneOptions {
  readonly stream: Stream;
  readonly session: CallSession;
  readonly load: Load;
  /** Longest envelope taken now. */
  readonly maxFrameBytes: () => number;
  /** Whether it carries one request of ours alone. */
  readonly exclusive: boolean;
  /** Whether the connection can have no other stream, so that the end of this one is its end. */
  readonly sole: () => boolean;
}

/** One stream: bytes to frames and back, and how it ends. */
export class Lane implements Sink {
  readonly exclusive: boolean;
  /** Resolves, and never rejects, when both directions are over. */
  readonly done: Promise<void>;
  readonly #stream: Stream;
  readonly #session: CallSession;
  readonly #load: Load;
  readonly #sole: () => boolean;
  readonly #writer: FrameWriter;
  readonly #decoder: FrameDecoder;
  #open = true;
  #reserved = 0;
  #unused?: () => void;
  #hurry?: () => void;

  /** Starts reading. */
  constructor(options: LaneOptions) {
    const { stream, session, load, maxFrameBytes, exclusive, sole } = options;
    this.exclusive = exclusive;
    this.#stream = stream;
    this.#session = session;
    this.#load = load;
    this.#sole = sole;
    this.#writer = new FrameWriter((bytes) => stream.write(bytes));
    this.#decoder = new FrameDecoder({ maxBytes: maxFrameBytes, reserve: (n) => this.#reserve(n) });
    this.done = this.#run();
  }

  /** Whether requests may leave on it: the peer has not ended its direction. */
  get open(): boolean {
    return this.#open;
  }

  /** Sends one envelope after all before it. */
  async send(envelope: EventEnvelope): Promise<number> {
    const frame = encodeFrame(envelope);
    await this.#writer.send(frame);
    return frame.length - LENGTH_BYTES;
  }

  /** Ends this direction once everything has left. */
  async finish(): Promise<void> {
    if (this.exclusive) await this.#closeWrite();
  }

  /** Ends this direction of a long-lived stream, so that the peer ends the other. */
  async retire(): Promise<void> {
    await this.#closeWrite();
  }

  /** Wakes the end of the stream when the last request that came on it is over. */
  requestEnded(): void {
    if (!this.#session.inbound.uses(this)) this.#unused?.();
  }

  /** Says that no answer will come any more. */
  hurry(): void {
    this.#hurry?.();
  }

  /** Gives both directions up. */
  reset(): void {
    this.#stream.reset();
  }

  async #run(): Promise<void> {
    try {
      await this.#read();
      await this.#answered();
    } catch (error) {
      this.#open = false;
      await this.#broken(error);
    } finally {
      this.#reserve(0);
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    const next = (): Promise<number | null> => this.#stream.read(buffer);
    for (let count = await next(); count !== null; count = await next()) {
      for (const frame of this.#decoder.push(buffer.subarray(0, count))) {
        const wait = this.#session.receive(frame, this);
        if (wait) await wait;
      }
    }
    this.#decoder.end();
  }

  /** The peer sends no more: its requests still get their answers, ours got theirs. */
  async #answered(): Promise<void> {
    this.#open = false;
    if (this.#sole()) this.#session.lost(unavailable("Peer has ended the connection"));
    if (this.#session.inbound.uses(this)) {
      await new Promise<void>((resolve) => this.#unused = resolve);
    }
    await this.#closeWrite();
    if (!this.#session.outbound.uses(this)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, STRAY_ANSWER_MS);
    this.#hurry = resolve;
    await promise;
    clearTimeout(timer);
    this.#session.outbound.lost(unavailable("Stream ended before the answer"), this);
  }

  async #broken(error: unknown): Promise<void> {
    const code = error instanceof CallWireError ? CallCode.ProtocolError : undefined;
    const known = error instanceof CallError ? error : undefined;
    const failure = code && error instanceof Error ? new CallError(code, error.message) : known;
    this.#session.lost(failure ?? unavailable("Stream is over", error), this);
    if (failure) return await this.#lastWords(errorEvent("", failure));
    const ended = error instanceof ConnectionClosedError || error instanceof StreamClosedError;
    if (!ended) log.warn("call.stream-failed", { error });
    this.reset();
  }

  /** Says why, lets the peer read it, and gives the stream up. */
  async #lastWords(event: EventEnvelope): Promise<void> {
    const timer = setTimeout(() => this.reset(), LAST_WORDS_MS);
    try {
      await this.send(event);
      await this.#closeWrite();
      const waste = new Uint8Array(READ_BYTES);
      while (await this.#stream.read(waste) !== null);
    } catch (error) {
      log.debug("call.unsent", { type: event.type, error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #closeWrite(): Promise<void> {
    await this.#writer.flushed();
    try {
      await this.#stream.closeWrite();
    } catch (error) {
      log.debug("call.unclosed", { error }); // it was over already
    }
  }

  #reserve(bytes: number): void {
    this.#load.reserve(bytes - this.#reserved);
    this.#reserved = bytes;
  }
}
