import { ConnectionClosedError, StreamClosedError } from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import { CallCode, CallError, unavailable } from "./call_error.ts";
import { CallWireError, type EventEnvelope } from "./envelope.ts";
import { errorEvent } from "./payloads.ts";
import type { FramePort } from "./port.ts";
import type { CallSession } from "./session.ts";
import type { Sink } from "./sink.ts";

const log = getLogger(["alknet", "call"]);

/** Time the peer has to read why its stream was given up. */
const LAST_WORDS_MS = 1_000;

/** Time for an answer that took another stream than the one that ended. */
const STRAY_ANSWER_MS = 1_000;

/** What a {@linkcode Lane} is made of. */
export interface LaneOptions {
  readonly port: FramePort;
  readonly session: CallSession;
  /** Whether it carries one request of ours alone. */
  readonly exclusive: boolean;
  /** Whether the connection can have no other stream, so that the end of this one is its end. */
  readonly sole: () => boolean;
}

/** One stream: what its frames are for, and how it ends. */
export class Lane implements Sink {
  readonly exclusive: boolean;
  /** Resolves, and never rejects, when both directions are over. */
  readonly done: Promise<void>;
  readonly #port: FramePort;
  readonly #session: CallSession;
  readonly #sole: () => boolean;
  #open = true;
  #unused?: () => void;
  #hurry?: () => void;

  /** Starts reading. */
  constructor({ port, session, exclusive, sole }: LaneOptions) {
    this.exclusive = exclusive;
    this.#port = port;
    this.#session = session;
    this.#sole = sole;
    this.done = this.#run();
  }

  /** Whether requests may leave on it: the peer has not ended its direction. */
  get open(): boolean {
    return this.#open;
  }

  /** Sends one envelope after all before it. */
  send(envelope: EventEnvelope, admit?: (bytes: number) => void): Promise<number> {
    return this.#port.send(envelope, admit);
  }

  /** Ends this direction once everything has left. */
  async finish(): Promise<void> {
    if (this.exclusive) await this.#end();
  }

  /** Ends this direction of a long-lived stream, so that the peer ends the other. */
  async retire(why?: CallError): Promise<void> {
    await this.#end(why);
  }

  /** Wakes the end of the stream when the last request that came on it is over. */
  requestEnded(): void {
    if (this.#unused && !this.#session.inbound.uses(this)) this.#unused();
  }

  /** Says that no answer will come any more. */
  hurry(): void {
    this.#hurry?.();
  }

  /** Gives both directions up. */
  reset(): void {
    this.#port.reset();
  }

  async #run(): Promise<void> {
    try {
      await this.#port.read((frame) => this.#session.receive(frame, this));
      await this.#answered();
    } catch (error) {
      this.#open = false;
      await this.#broken(error);
    }
  }

  /** The peer sends no more: its requests still get their answers, ours got theirs. */
  async #answered(): Promise<void> {
    this.#open = false;
    if (this.#sole()) this.#session.lost(unavailable("Peer has ended the connection"));
    if (this.#session.inbound.uses(this)) {
      await new Promise<void>((resolve) => this.#unused = resolve);
    }
    await this.#end();
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
    const failure = code && error instanceof Error
      ? new CallError(code, error.message, { cause: error })
      : known;
    this.#session.lost(failure ?? unavailable("Stream is over", error), this);
    if (failure) return await this.#lastWords(failure);
    const ended = error instanceof ConnectionClosedError || error instanceof StreamClosedError;
    if (!ended) log.warn("call.stream-failed", { error });
    this.reset();
  }

  /** Says why, lets the peer read it, and gives the stream up. */
  async #lastWords(failure: CallError): Promise<void> {
    const timer = setTimeout(() => this.reset(), LAST_WORDS_MS);
    try {
      await this.send(errorEvent("", failure));
      await this.#port.end(failure);
      await this.#port.skip();
    } catch (error) {
      log.debug("call.unsent", { code: failure.code, error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #end(why?: CallError): Promise<void> {
    try {
      await this.#port.end(why);
    } catch (error) {
      log.debug("call.unclosed", { error }); // it was over already
    }
  }
}
