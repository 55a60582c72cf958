import { aborted, type CallError } from "./call_error.ts";
import type { Frame } from "./frames.ts";
import { Inbound, type InboundOptions } from "./inbound.ts";
import { Outbound, type Roads } from "./outbound.ts";
import { EventType, parseCredit, parseError, parseResponded } from "./payloads.ts";
import type { Sink } from "./sink.ts";

/**
 * One connection's protocol, without its I/O: frames go in with the stream they came on, and out
 * through sinks. Neither side is client or server; each has requests of its own and the peer's.
 *
 * | frame            | goes to                                                           |
 * | ---------------- | ----------------------------------------------------------------- |
 * | `call.requested` | a new {@linkcode InboundRequest}, whatever else is running        |
 * | `call.credit`    | the peer's subscription of the id                                 |
 * | `call.aborted`   | our request of the id, else the peer's                            |
 * | `call.responded` | our request of the id, whatever stream it comes on; else dropped  |
 * | `call.completed` | the same                                                          |
 * | `call.error`     | the same; without an id, all our requests of the stream           |
 * | any other        | nobody                                                            |
 */
export class CallSession {
  /** The peer's requests. */
  readonly inbound: Inbound;
  /** Ours. */
  readonly outbound: Outbound;

  /** @param options What runs and bounds the peer's requests; `roads` is where ours leave. */
  constructor(options: InboundOptions & { readonly roads: Roads }) {
    this.inbound = new Inbound(options);
    this.outbound = new Outbound(options.roads);
  }

  /**
   * Takes one frame.
   *
   * @returns A promise when its stream should not be read before it resolves.
   */
  receive({ envelope, bytes }: Frame, sink: Sink): Promise<void> | undefined {
    const { type, id, payload } = envelope;
    switch (type) {
      case EventType.Requested:
        return this.inbound.request(envelope, sink, bytes);
      case EventType.Responded:
        return this.outbound.responded(id, parseResponded(payload), bytes);
      case EventType.Completed:
        return void this.outbound.completed(id);
      case EventType.Credit:
        return void this.inbound.grant(id, parseCredit(payload));
      case EventType.Aborted:
        return void this.#aborted(id);
      case EventType.Error:
        return void this.#failed(id, parseError(payload), sink);
    }
  }

  /** Ends what belongs to a stream that is gone, or to the connection. */
  lost(reason: Error, sink?: Sink): void {
    this.inbound.stop(reason, sink);
    if (sink) this.outbound.lost(reason, sink);
    else this.outbound.close(reason);
  }

  #aborted(id: string): void {
    if (!this.outbound.failed(id, aborted())) this.inbound.abort(id);
  }

  #failed(id: string, error: CallError, sink: Sink): void {
    if (id === "") this.outbound.lost(error, sink);
    else this.outbound.failed(id, error);
  }
}
