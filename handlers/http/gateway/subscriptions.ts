import { CallCode, CallError } from "@alknet/operations";

import type { WebLimits } from "../door/limits.ts";
import type { Visit } from "../door/visit.ts";
import type { RequestMetrics } from "../metrics/request_metrics.ts";
import { callFailure, type Wanted } from "./call.ts";
import { callRequest } from "./call_request.ts";
import { type OperationSource, specFor } from "./catalogue.ts";
import { eventStream } from "./event_stream.ts";
import { LiveSubscription, type Subscriber } from "./live_subscription.ts";
import { type ResumablePlace, Resumables } from "./resumables.ts";

/** How long a refusal may take to become an HTTP status; later it is an event. */
const FIRST_ITEM_GRACE_MS = 100;

/** Settings of {@linkcode Subscriptions}. */
export interface SubscriptionsOptions {
  /** What to subscribe to. */
  readonly source: OperationSource;
  /** What subscribers may do. */
  readonly limits: WebLimits;
  /** Where open subscriptions are counted. */
  readonly metrics: RequestMetrics;
}

/** Subscriptions over HTTP: each is a stream of events, some can be resumed. */
export class Subscriptions implements Disposable {
  readonly #options: SubscriptionsOptions;
  readonly #resumables: Resumables;

  /** Begins with none. */
  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#resumables = new Resumables(options.limits);
  }

  /**
   * Subscribes, or comes back to a subscription by `Last-Event-ID`.
   *
   * @param resumable Whether the subscriber may come back.
   * @throws {HttpProblem} When it fails before its first item.
   */
  async open(visit: Visit, wanted: Wanted, resumable: boolean): Promise<Response> {
    const lastId = visit.request.headers.get("last-event-id");
    if (lastId !== null) {
      const subscriber = this.#resumables.resume(visit, lastId);
      // What makes an EventSource stop asking.
      return subscriber ? this.#respond(subscriber, visit) : new Response(null, { status: 204 });
    }
    using stack = new DisposableStack();
    const place = resumable ? stack.use(this.#resumables.place(visit)) : undefined;
    const live = await this.#begin(visit, wanted, place);
    stack.defer(this.#watch(live, visit, wanted));
    const closed = stack.move();
    live.onClose = () => closed.dispose();
    if (place) this.#resumables.keep(place, live, visit);
    const subscriber = live.attach(0);
    if (!subscriber) throw new TypeError("A new subscription has lost events");
    return this.#respond(subscriber, visit);
  }

  /** Ends every subscription that waits for its subscriber to come back. */
  [Symbol.dispose](): void {
    this.#resumables[Symbol.dispose]();
  }

  /** Waits a little for the first item, so that a refusal can have its status. */
  async #begin(
    visit: Visit,
    { operation, input }: Wanted,
    replay: ResumablePlace | undefined,
  ): Promise<LiveSubscription> {
    const { source, limits } = this.#options;
    const abort = new AbortController();
    const { signal } = abort;
    const request = callRequest(visit, limits, { signal, bounded: false });
    const leave = (): void => abort.abort();
    visit.request.signal.addEventListener("abort", leave);
    const items = source.dispatcher.subscribe(operation, input, request)[Symbol.asyncIterator]();
    const first = items.next();
    try {
      await settledWithin(first, FIRST_ITEM_GRACE_MS);
    } catch (error) {
      throw callFailure(error, visit, { source, operation });
    } finally {
      visit.request.signal.removeEventListener("abort", leave);
    }
    return new LiveSubscription(startingWith(first, items), { abort, ...(replay && { replay }) });
  }

  /** Ends a subscription once its subscriber may not have it any more. */
  #watch(live: LiveSubscription, visit: Visit, { operation }: Wanted): () => void {
    return visit.info.identities.onChange(() => {
      const identity = visit.identityNow();
      const same = identity?.id === visit.identity?.id;
      if (same && specFor(this.#options.source, operation, identity)) return;
      live.close(new CallError(CallCode.Forbidden, "Permission was withdrawn"));
    });
  }

  #respond(subscriber: Subscriber, visit: Visit): Response {
    const { limits, metrics } = this.#options;
    const place = visit.hold();
    metrics.subscriptions++;
    return eventStream(subscriber, {
      limits,
      onEnd: () => {
        metrics.subscriptions--;
        place[Symbol.dispose]();
      },
    });
  }
}

/** Items whose first was asked for already. */
function startingWith(
  first: Promise<IteratorResult<unknown>>,
  items: AsyncIterator<unknown>,
): AsyncIterator<unknown> {
  let started = false;
  first.catch(() => {}); // told when it is asked for
  return {
    next: () => {
      if (started) return items.next();
      started = true;
      return first;
    },
    return: async () => {
      await items.return?.();
      return { value: undefined, done: true };
    },
  };
}

async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
