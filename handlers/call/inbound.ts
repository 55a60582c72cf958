import { type Identity, networkOf } from "@alknet/core";
import type { BatchItem, Dispatcher } from "@alknet/operations";

import { parseBatch } from "./batch.ts";
import { aborted, CallCode, CallError, unavailable } from "./call_error.ts";
import { InboundRequest } from "./inbound_request.ts";
import type { CallLimits } from "./limits.ts";
import type { Load } from "./load.ts";
import { type CreditGrant, errorEvent, parseRequested, type Requested } from "./payloads.ts";
import type { EventEnvelope } from "./envelope.ts";
import type { Sink } from "./sink.ts";

/** Ids remembered of aborts that came before their request, on a faster stream. */
const MAX_EARLY_ABORTS = 256;

/** Refusals that may wait to be sent before reading stops. */
const MAX_UNSENT_REFUSALS = 64;

/** Who calls, as far as one request is concerned. */
export interface Caller {
  /** The connection's peer now. */
  identity(): Identity | undefined;
  /** Whom a token stands for now. */
  fromToken(token: string): Identity | undefined;
  /** Whose limits count for strangers. */
  readonly address: string;
}

/** What an {@linkcode Inbound} is made of. */
export interface InboundOptions {
  /** What runs the requests; without one every request is answered `NOT_FOUND`. */
  readonly dispatcher?: Dispatcher;
  readonly limits: CallLimits;
  readonly load: Load;
  readonly caller: Caller;
}

/** The requests of one peer, by id; each runs beside the others, whatever stream it came on. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #live = new Map<string, InboundRequest>();
  readonly #earlyAborts = new Set<string>();
  #unsentRefusals = 0;
  #draining = false;
  #idle?: () => void;

  /** @param options What runs requests, and what bounds them. */
  constructor(options: InboundOptions) {
    this.#options = options;
  }

  /** Requests whose last frame has not been sent. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * Takes a request; its frames go to the sink.
   *
   * @param bytes Length of its frame.
   * @returns A promise when reading should wait for it: the peer does not take its refusals.
   */
  request({ id, payload }: EventEnvelope, sink: Sink, bytes: number): Promise<void> | undefined {
    if (this.#earlyAborts.delete(id)) return;
    const request = parseRequested(payload);
    const running = this.#live.get(id);
    if (running) {
      running.fail(new CallError(CallCode.DuplicateId, "Request id is in use already"));
      return;
    }
    try {
      this.#start(id, request, sink, bytes);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      return this.#refuse(errorEvent(id, error), sink);
    }
  }

  /** Takes `call.aborted`. */
  abort(id: string): void {
    const running = this.#live.get(id);
    if (running) return running.stop(aborted());
    const oldest = this.#earlyAborts.values().next();
    if (this.#earlyAborts.size >= MAX_EARLY_ABORTS && !oldest.done) {
      this.#earlyAborts.delete(oldest.value);
    }
    this.#earlyAborts.add(id);
  }

  /** Takes `call.credit`. */
  grant(id: string, grant: CreditGrant): void {
    this.#live.get(id)?.credit?.grant(grant);
  }

  /** Ends the requests whose token stands for nobody any more. */
  reauthorize(): void {
    for (const running of [...this.#live.values()]) {
      const { authToken } = running.request;
      if (authToken === undefined || this.#options.caller.fromToken(authToken)) continue;
      running.fail(new CallError(CallCode.Forbidden, "Token is not accepted any more"));
    }
  }

  /** Ends the requests that came on a stream, or all; nobody reads what they would send. */
  stop(reason: Error, sink?: Sink): void {
    if (sink === undefined) this.#draining = true; // what was read and not taken yet comes too late
    for (const running of [...this.#live.values()]) {
      if (sink === undefined || running.sink === sink) running.stop(reason);
    }
  }

  /** Takes no further request and ends the subscriptions; resolves when no call is left. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const running of [...this.#live.values()]) {
      if (running.subscription) running.fail(unavailable("Node is shutting down"));
    }
    if (this.#live.size === 0) return;
    await new Promise<void>((resolve) => this.#idle = resolve);
  }

  /** Whether any request that came on a stream is still under way. */
  uses(sink: Sink): boolean {
    return this.#live.values().some((running) => running.sink === sink);
  }

  #start(id: string, request: Requested, sink: Sink, bytes: number): void {
    if (this.#draining) throw unavailable("Node is shutting down");
    const { dispatcher, load, caller } = this.#options;
    if (!dispatcher) throw new CallError(CallCode.NotFound, "No such operation");
    const identity = this.#identityOf(request);
    const calls = this.#callsOf(request);
    const subscription = !calls && isStream(request, dispatcher);
    const key = identity ? `id ${identity.id}` : `at ${networkOf(caller.address)}`;
    const stay = load.enter(key, { bytes, subscription, requests: calls?.length });
    const running = new InboundRequest({
      id,
      request,
      calls,
      stay,
      sink,
      subscription,
      timeoutMs: this.#timeoutOf(request, subscription),
      ended: () => this.#ended(id, sink),
    });
    this.#live.set(id, running);
    running.run(dispatcher, identity, () => this.#identityNow(request)).then(stay.leave);
  }

  #ended(id: string, sink: Sink): void {
    this.#live.delete(id);
    sink.requestEnded?.();
    if (this.#live.size === 0) this.#idle?.();
  }

  /** A token that stands for nobody is refused: falling back could mean more rights, not fewer. */
  #identityOf({ authToken }: Requested): Identity | undefined {
    const { caller } = this.#options;
    if (authToken === undefined) return caller.identity();
    const identity = caller.fromToken(authToken);
    if (identity) return identity;
    throw new CallError(CallCode.Forbidden, "Token is not accepted");
  }

  #identityNow({ authToken }: Requested): Identity | undefined {
    const { caller } = this.#options;
    return authToken === undefined ? caller.identity() : caller.fromToken(authToken);
  }

  /** The calls of a batch; its length is looked at before anything is counted or run. */
  #callsOf({ batch, name, mode }: Requested): BatchItem[] | undefined {
    if (batch === undefined) return undefined;
    if (name !== "") throw new CallError(CallCode.InvalidInput, "Batch names an operation too");
    if (mode === "subscribe") {
      throw new CallError(CallCode.InvalidOperationType, "Batch cannot be subscribed to");
    }
    const { maxBatchCalls, maxRequests, maxRequestsPerIdentity } = this.#options.limits;
    return parseBatch(batch, Math.min(maxBatchCalls, maxRequests, maxRequestsPerIdentity));
  }

  #timeoutOf({ timeoutMs }: Requested, subscription: boolean): number | undefined {
    const { defaultTimeoutMs, maxTimeoutMs } = this.#options.limits;
    const wanted = timeoutMs ?? (subscription ? undefined : defaultTimeoutMs);
    return wanted === undefined ? undefined : Math.min(wanted, maxTimeoutMs);
  }

  #refuse(refusal: EventEnvelope, sink: Sink): Promise<void> | undefined {
    this.#unsentRefusals++;
    const sent = sink.send(refusal).then(() => {}, () => {}).finally(() => this.#unsentRefusals--);
    return this.#unsentRefusals > MAX_UNSENT_REFUSALS ? sent : undefined;
  }
}

/** The caller says what it expects; one that does not gets what the operation is. */
function isStream({ name, mode }: Requested, dispatcher: Dispatcher): boolean {
  return mode === undefined ? dispatcher.kindOf(name) === "subscription" : mode === "subscribe";
}
