import type { BatchItem, ForwardedFor } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

import { batchPayload, parseResults } from "./batch.ts";
import { aborted, CallCode, CallError, unavailable } from "./call_error.ts";
import { CallWireError, type EventEnvelope } from "./envelope.ts";
import { MAX_TIMER_MS } from "./limits.ts";
import { OutboundCall, type Pending } from "./outbound_call.ts";
import { OutboundSubscription } from "./outbound_subscription.ts";
import {
  abortedEvent,
  creditEvent,
  type CreditGrant,
  type Requested,
  requested,
} from "./payloads.ts";
import type { Sink } from "./sink.ts";

const log = getLogger(["alknet", "call"]);

/** What goes with a request. */
export interface RequestOptions {
  /**
   * Time it may take, enforced on both sides, in milliseconds. Default: 30,000 for a call, none
   * for a subscription.
   */
  readonly timeoutMs?: number;
  /** Takes it back: the peer stops its handler. */
  readonly signal?: AbortSignal;
  /** A token that speaks for this request, in place of the connection's identity. */
  readonly authToken?: string;
  /** For whom it is made: information to the peer, never authority. */
  readonly forwardedFor?: ForwardedFor;
  /** Ids of the nodes it has passed, this one last. Default: none. */
  readonly via?: readonly string[];
  /**
   * Where it travels: on the long-lived stream that small calls share, or on one of its own, where
   * bulk does not stand in their way. Default: `"shared"` for a call, `"own"` for a subscription.
   * Connections of one stream share it.
   */
  readonly stream?: "shared" | "own";
}

/** What goes with a subscription. */
export interface SubscribeOptions extends RequestOptions {
  /** Items that may be on their way at once. Default: 128. */
  readonly windowItems?: number;
  /** Bytes that may be on their way at once, but for the last item. Default: 262,144. */
  readonly windowBytes?: number;
}

/** The streams requests leave on. */
export interface Roads {
  /** The long-lived stream. */
  shared(): Sink | Promise<Sink>;
  /** A fresh stream, or the long-lived one where there is no other. */
  own(): Promise<Sink>;
}

const CALL_TIMEOUT_MS = 30_000;
const WINDOW_ITEMS = 128;
const WINDOW_BYTES = 262_144;

/** Shorter than a peer may be told would be never: it takes no item, or no byte. */
function checkWindow(window: CreditGrant): CreditGrant {
  if (window.items >= 1 && window.bytes >= 1) return window;
  throw new RangeError(`Cannot subscribe with a window of ${window.items}, ${window.bytes} bytes`);
}

/** The requests of this side, by id. */
export class Outbound {
  readonly #roads: Roads;
  readonly #pending = new Map<string, Pending>();
  #closed?: Error;

  /** @param roads Where requests leave. */
  constructor(roads: Roads) {
    this.#roads = roads;
  }

  /** Requests that have not ended. */
  get size(): number {
    return this.#pending.size;
  }

  /** See `CallClient.call`. */
  call(name: string, input: unknown, options?: RequestOptions): Promise<unknown> {
    return this.#once({ name, input }, options);
  }

  /** See `CallClient.batch`. */
  async batch(
    calls: readonly BatchItem[],
    options?: RequestOptions,
  ): Promise<PromiseSettledResult<unknown>[]> {
    try {
      const batch = batchPayload(calls);
      return parseResults(await this.#once({ name: "", input: undefined, batch }, options), calls);
    } catch (error) {
      throw isNotFound(error) ? noBatches() : error;
    }
  }

  async #once(
    what: Pick<Requested, "name" | "input" | "batch">,
    options: RequestOptions = {},
  ): Promise<unknown> {
    const { timeoutMs = CALL_TIMEOUT_MS, signal, authToken, forwardedFor, via, stream } = options;
    this.#assertOpen(signal);
    const id = crypto.randomUUID();
    const ended = (tellPeer: boolean): void => this.#ended(id, tellPeer);
    const pending = new OutboundCall({ timeoutMs, signal, ended });
    this.#pending.set(id, pending);
    const request = { ...what, authToken, forwardedFor, via, timeoutMs, mode: "call" as const };
    this.#send(pending, requested(id, wired(request)), stream === "own");
    return await pending.result;
  }

  /** See `CallClient.subscribe`. */
  async *subscribe(
    name: string,
    input: unknown,
    options: SubscribeOptions = {},
  ): AsyncGenerator<unknown, void> {
    const { timeoutMs, signal, authToken, forwardedFor, via, stream } = options;
    this.#assertOpen(signal);
    const { windowItems: items = WINDOW_ITEMS, windowBytes: bytes = WINDOW_BYTES } = options;
    const id = crypto.randomUUID();
    const window = checkWindow({ items, bytes });
    const pending = new OutboundSubscription({
      timeoutMs,
      signal,
      window,
      grant: (grant) => this.#notify(creditEvent(id, grant)),
      ended: (tellPeer) => this.#ended(id, tellPeer),
    });
    this.#pending.set(id, pending);
    const mode = "subscribe" as const;
    const request = { name, input, authToken, forwardedFor, via, timeoutMs, mode, credit: window };
    this.#send(pending, requested(id, wired(request)), stream !== "shared");
    yield* itemsOf(pending);
  }

  /** Takes `call.responded`; a value nobody waits for any more is dropped. */
  responded(id: string, output: unknown, bytes: number): Promise<void> | undefined {
    return this.#pending.get(id)?.responded(output, bytes);
  }

  /** Takes `call.completed`. */
  completed(id: string): void {
    this.#pending.get(id)?.completed();
  }

  /** Takes `call.error` or `call.aborted`; false when there is no such request. */
  failed(id: string, error: CallError): boolean {
    const pending = this.#pending.get(id);
    pending?.fail(error);
    return pending !== undefined;
  }

  /** Fails what was sent on a stream, or everything. */
  lost(error: Error, sink?: Sink): void {
    for (const pending of [...this.#pending.values()]) {
      if (sink === undefined || pending.sink === sink) pending.fail(error);
    }
  }

  /** Fails everything, now and later. */
  close(error: Error): void {
    this.#closed = error;
    this.lost(error);
  }

  /** Whether a request that was sent on a stream is still under way. */
  uses(sink: Sink): boolean {
    return this.#pending.values().some((pending) => pending.sink === sink);
  }

  /** Takes back everything under way. */
  abortAll(): void {
    for (const [id, pending] of [...this.#pending]) {
      if (pending.sink) this.#notify(abortedEvent(id));
      pending.fail(aborted());
    }
  }

  #assertOpen(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#closed) throw this.#closed;
  }

  async #send(
    pending: Pending & { over: boolean },
    event: EventEnvelope,
    own: boolean,
  ): Promise<void> {
    try {
      const sink = await (own ? this.#roads.own() : this.#roads.shared());
      if (pending.over) return void sink.finish?.();
      pending.sink = sink;
      try {
        await sink.send(event);
      } finally {
        sink.finish?.();
      }
    } catch (error) {
      const known = error instanceof CallError || isLocal(error);
      pending.fail(known ? error : unavailable("Request could not be sent", error));
    }
  }

  #ended(id: string, tellPeer: boolean): void {
    this.#pending.delete(id);
    if (tellPeer) this.#notify(abortedEvent(id));
  }

  /** Sends what no one waits for; where that fails, the stream's end tells the rest. */
  async #notify(event: EventEnvelope): Promise<void> {
    try {
      await (await this.#roads.shared()).send(event);
    } catch (error) {
      log.debug("call.unsent", { type: event.type, error });
    }
  }
}

async function* itemsOf(pending: OutboundSubscription): AsyncGenerator<unknown, void> {
  try {
    for (let item = await pending.take(); item; item = await pending.take()) yield item.output;
  } finally {
    pending.close();
  }
}

/** An input that cannot be sent is the caller's to mend. */
function isLocal(error: unknown): boolean {
  return error instanceof CallWireError && error.blame === "local";
}

/** A batch has no name: only a peer that looks for one, or serves nothing, does not find it. */
function isNotFound(error: unknown): boolean {
  return error instanceof CallError && error.code === CallCode.NotFound;
}

function noBatches(): CallError {
  const message = "Peer takes no batches of calls that depend on each other";
  return new CallError(CallCode.NotFound, message, { blame: "remote" });
}

/** For ever is no number in JSON; whoever answers has a longest time of its own. */
function wired(request: Requested): Requested {
  const { timeoutMs } = request;
  return timeoutMs === undefined
    ? request
    : { ...request, timeoutMs: Math.min(timeoutMs, MAX_TIMER_MS) };
}
