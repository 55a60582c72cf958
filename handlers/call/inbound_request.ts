import type { Identity } from "@alknet/core";
import type { BatchItem, CallRequest, Dispatcher } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

import { answerBatch } from "./batch.ts";
import { type CallError, timedOut, unavailable } from "./call_error.ts";
import { Credit } from "./credit.ts";
import { type Deadline, DEADLINES } from "./deadlines.ts";
import { CallWireError, type EventEnvelope } from "./envelope.ts";
import { failureOf } from "./failure.ts";
import { completed, errorEvent, type Requested, responded } from "./payloads.ts";
import type { Stay } from "./load.ts";
import type { Sink } from "./sink.ts";
import { TURNS } from "./turns.ts";

const log = getLogger(["alknet", "call"]);

/** What an {@linkcode InboundRequest} is made of. */
export interface InboundRequestOptions {
  readonly id: string;
  readonly request: Requested;
  /** What to call where it is a batch. */
  readonly calls?: readonly BatchItem[];
  readonly sink: Sink;
  /** Whether many values are expected. */
  readonly subscription: boolean;
  /** Milliseconds it may take; undefined for ever. */
  readonly timeoutMs?: number;
  /** What it counts as. */
  readonly stay: Stay;
  /** Told once, when no further frame will be sent for it. */
  readonly ended: () => void;
}

/**
 * One request of the peer's.
 *
 * ```text
 *            ┌── call.responded ──────────────► over     query, mutation
 *  running ──┼── call.responded* call.completed ► over   subscription
 *            ├── call.error ─────────────────► over     thrown, late, limit, shutdown
 *            └── (nothing) ──────────────────► over     call.aborted, connection lost
 * ```
 *
 * Once it is over nothing is sent for it. When that is before its handler is done, the handler's
 * signal aborts and its generator is told to return.
 */
export class InboundRequest {
  readonly id: string;
  readonly request: Requested;
  /** Whether it may send many values. */
  readonly subscription: boolean;
  /** The stream it came on and answers on. */
  readonly sink: Sink;
  /** What its caller lets it send; undefined when the transport alone slows it down. */
  readonly credit?: Credit;
  readonly #stay: Stay;
  readonly #leftBehind: Promise<unknown>[] = [];
  readonly #calls?: readonly BatchItem[];
  readonly #ended: () => void;
  readonly #controller = new AbortController();
  readonly #deadline?: Deadline;
  readonly #deadlineMs?: number;
  #iterator?: AsyncIterator<unknown>;
  #over = false;
  #answered = false;
  #told?: Promise<void>;

  /** Starts the clock. */
  constructor(options: InboundRequestOptions) {
    const { id, request, sink, subscription, timeoutMs, ended } = options;
    this.id = id;
    this.request = request;
    this.sink = sink;
    this.subscription = subscription;
    this.#calls = options.calls;
    this.#stay = options.stay;
    this.#ended = ended;
    if (request.credit) this.credit = new Credit(request.credit);
    if (timeoutMs === undefined) return;
    this.#deadlineMs = Date.now() + timeoutMs;
    this.#deadline = DEADLINES.add(timeoutMs, () => this.fail(timedOut(timeoutMs)));
  }

  /**
   * Runs it to its end; resolves when the handler is done and the last frame has left, never rejects.
   */
  async run(
    dispatcher: Dispatcher,
    identity: Identity | undefined,
    identityNow: () => Identity | undefined,
  ): Promise<void> {
    const { name, input, forwardedFor, via } = this.request;
    const request: CallRequest = {
      requestId: this.id,
      identity,
      identityNow,
      forwardedFor,
      via,
      deadlineMs: this.#deadlineMs,
      keepsDeadline: true,
      signal: this.#controller.signal,
      onLeftBehind: (work) => this.#leftBehind.push(work),
      origin: "wire",
    };
    try {
      if (this.#calls) await this.#answer(await answerBatch(dispatcher, this.#calls, request));
      else if (this.subscription) await this.#pump(dispatcher.subscribe(name, input, request));
      else await this.#answer(await dispatcher.call(name, input, request));
    } catch (error) {
      if (!this.#over) this.fail(failureOf(error, this.request.name));
    }
    await this.#told; // a peer that does not read fills its limit, not our memory
    for (const work of this.#leftBehind) await work;
  }

  /** Ends it without telling the caller, who knows. */
  stop(reason: Error): void {
    if (this.#finish()) this.#end(reason);
  }

  /** Ends it and tells the caller why. */
  fail(failure: CallError): void {
    const untold = !this.#answered;
    if (!this.#finish()) return;
    if (untold) this.#told = this.#tell(errorEvent(this.id, failure));
    this.#end(failure);
  }

  /** Sends the one value; an answer that cannot be sent becomes an error. */
  async #answer(output: unknown): Promise<void> {
    if (this.#over) return;
    this.#deadline?.clear();
    this.#answered = true;
    try {
      await this.#send(responded(this.id, output));
      this.#finish();
    } catch (error) {
      this.#answered = false;
      throw error;
    }
  }

  /** Sends a value, which counts until it has left: a peer that does not read holds it here. */
  async #send(envelope: EventEnvelope): Promise<number> {
    let held = 0;
    const hold = (bytes: number): void => {
      this.#stay.hold(bytes);
      held = bytes;
    };
    try {
      return await this.sink.send(envelope, hold);
    } finally {
      if (held > 0) this.#stay.hold(-held);
    }
  }

  /** Pulls the next item only when the caller has room for it and the last one has left. */
  async #pump(items: AsyncIterable<unknown>): Promise<void> {
    const iterator = this.#iterator = items[Symbol.asyncIterator]();
    while (!this.#over) {
      await this.credit?.wait();
      await TURNS.take();
      if (this.#over) return;
      const { done, value } = await iterator.next();
      if (this.#over) return;
      if (done) {
        this.#finish();
        this.#told = this.#tell(completed(this.id));
        return;
      }
      const bytes = await this.#send(responded(this.id, value));
      this.credit?.spend(bytes);
    }
  }

  #end(reason: Error): void {
    this.#controller.abort(reason);
    this.credit?.release();
    this.#giveUp();
  }

  /** Lets a generator run its `finally`; it may be in the middle of a pull, so nobody waits. */
  async #giveUp(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch (error) {
      log.debug("call.cleanup-failed", { operation: this.request.name, error });
    }
  }

  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#deadline?.clear();
    this.#ended();
    return true;
  }

  /** The last frame; a stream that is gone needs none. */
  async #tell(envelope: EventEnvelope): Promise<void> {
    try {
      await this.sink.send(envelope);
    } catch (error) {
      if (error instanceof CallWireError) {
        await this.#tell(errorEvent(this.id, failureOf(error, this.request.name)));
      } else log.debug("call.unsent", { type: envelope.type, error });
    }
  }
}

/** Why requests end when their connection does. */
export function connectionLost(cause?: unknown): CallError {
  return unavailable("Connection is over", cause);
}
