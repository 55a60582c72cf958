import type { CallLink } from "./link.ts";
import type { RequestOptions, SubscribeOptions } from "./outbound.ts";

/** One request of a batch. */
export interface BatchRequest extends RequestOptions {
  /** The operation's name. */
  readonly name: string;
  /** Any JSON. Default: null. */
  readonly input?: unknown;
}

/** This side's requests on one connection, whichever side dialled it. */
export interface CallClient extends AsyncDisposable {
  /**
   * Runs a query or mutation of the peer's.
   *
   * @param name Such as `fs/read`.
   * @param input Any JSON.
   * @throws {CallError} What the peer answered, `TIMEOUT`, or `UNAVAILABLE` when the connection
   * ended; a mutation may have run all the same.
   * @throws The signal's reason once that aborts.
   */
  call(name: string, input?: unknown, options?: RequestOptions): Promise<unknown>;
  /**
   * Subscribes to an operation of the peer's, once the iteration begins. Leaving the loop ends it
   * there. The peer is never more than the window ahead of the loop.
   *
   * @throws {CallError} From the iteration, after the last item.
   */
  subscribe(
    name: string,
    input?: unknown,
    options?: SubscribeOptions,
  ): AsyncGenerator<unknown, void>;
  /** Runs several calls at once, in one write; the results are in the order of the requests. */
  batch(requests: readonly BatchRequest[]): Promise<PromiseSettledResult<unknown>[]>;
  /** Requests of this side that have not ended. */
  readonly pending: number;
}

/** The requests of one link. */
export function clientOf(link: CallLink): CallClient {
  const { outbound } = link.session;
  return {
    call: (name, input, options) => outbound.call(name, input, options),
    subscribe: (name, input, options) => outbound.subscribe(name, input, options),
    batch: (requests) =>
      Promise.allSettled(
        requests.map(({ name, input, ...options }) => outbound.call(name, input, options)),
      ),
    get pending(): number {
      return outbound.size;
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
