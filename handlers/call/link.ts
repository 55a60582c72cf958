import { StreamUnavailableError } from "@alknet/core";

import { type CallError, unavailable } from "./call_error.ts";
import { connectionLost } from "./inbound_request.ts";
import type { InboundOptions } from "./inbound.ts";
import { Lane } from "./lane.ts";
import type { Carrier, PortMaker } from "./port.ts";
import { CallSession } from "./session.ts";
import type { Sink } from "./sink.ts";

/** Streams of our own open at once; further bulk takes the shared one. */
const MAX_OWN_STREAMS = 32;

/** Lets one connection, or WebSocket, carry a {@linkcode CallSession}. */
export class CallLink implements AsyncDisposable {
  readonly session: CallSession;
  readonly #carrier: Carrier;
  readonly #options: InboundOptions;
  readonly #lanes = new Set<Lane>();
  readonly #firstIncoming = Promise.withResolvers<Lane>();
  #shared?: Lane;
  #opening?: Promise<Lane>;
  #own = 0;
  #singleStream = false;
  #sole = false;
  #draining = false;
  #closed = false;

  /** @param options What runs and bounds the peer's requests. */
  constructor(carrier: Carrier, options: InboundOptions) {
    this.#carrier = carrier;
    this.#options = options;
    const roads = { shared: () => this.#sharedLane(), own: () => this.#ownLane() };
    this.session = new CallSession({ ...options, roads });
    this.#firstIncoming.promise.catch(() => {});
    carrier.closed.then(({ reason }) => this.#lost(reason));
  }

  /** Takes the peer's streams; resolves when there are no further ones and all are done. */
  async serve(): Promise<void> {
    for await (const make of this.#carrier.incoming) {
      const lane = this.#lane(make, false);
      if (this.#closed) lane.reset();
      else this.#firstIncoming.resolve(lane);
    }
    this.#sole = !this.#closed && !this.#draining;
    while (this.#lanes.size > 0) await Promise.all([...this.#lanes].map(({ done }) => done));
  }

  /** Opens the long-lived stream, so that a connection of one stream shows it to its peer. */
  async open(): Promise<void> {
    await this.#sharedLane();
  }

  /** Ends subscriptions, lets calls finish, then ends every stream. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.session.inbound.drain();
    await this.#close(unavailable("Node is shutting down"));
  }

  /** Takes back our requests and stops the peer's; the connection itself stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  async #close(why?: CallError): Promise<void> {
    this.#closed = true;
    const reason = unavailable("Peer has ended the session");
    const drained = this.session.inbound.drain();
    this.session.outbound.abortAll();
    this.session.outbound.close(reason);
    this.session.inbound.stop(reason);
    await drained;
    for (const lane of this.#lanes) lane.hurry();
    await Promise.all([...this.#lanes].map((lane) => lane.retire(why)));
  }

  #sharedLane(): Lane | Promise<Lane> {
    if (this.#shared?.open) return this.#shared;
    return this.#opening ??= this.#openShared().finally(() => this.#opening = undefined);
  }

  async #openShared(): Promise<Lane> {
    try {
      return this.#shared = await this.#openLane(false);
    } catch (error) {
      const peers = error instanceof StreamUnavailableError && !this.#shared;
      const lane = peers ? await this.#firstIncoming.promise : undefined;
      if (!lane?.open) throw unavailable("No stream to send on", error);
      this.#singleStream = true;
      return this.#shared = lane;
    }
  }

  /** The shared stream comes first: where there is only one, it must be that. */
  async #ownLane(): Promise<Sink> {
    const shared = await this.#sharedLane();
    if (this.#singleStream || this.#own >= MAX_OWN_STREAMS) return shared;
    this.#own++;
    try {
      const lane = await this.#openLane(true);
      lane.done.then(() => this.#own--);
      return lane;
    } catch (error) {
      this.#own--;
      if (!(error instanceof StreamUnavailableError)) throw error;
      this.#singleStream = true;
      return shared;
    }
  }

  async #openLane(exclusive: boolean): Promise<Lane> {
    return this.#lane(await this.#carrier.open(), exclusive);
  }

  #lane(make: PortMaker, exclusive: boolean): Lane {
    const { limits, load, caller } = this.#options;
    const maxBytes = (): number =>
      caller.identity() ? limits.maxFrameBytes : limits.maxAnonymousFrameBytes;
    const port = make({ maxBytes, reserve: load.reservation() });
    const lane = new Lane({ port, session: this.session, exclusive, sole: () => this.#sole });
    this.#lanes.add(lane);
    lane.done.then(() => this.#lanes.delete(lane));
    return lane;
  }

  #lost(reason: string): void {
    this.#closed = true;
    const error = connectionLost(reason || undefined);
    this.session.lost(error);
    for (const lane of this.#lanes) lane.hurry();
    this.#firstIncoming.reject(error);
  }
}
