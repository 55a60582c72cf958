import type { CallLink } from "./link.ts";
import type { Outbound, RequestOptions, SubscribeOptions } from "./outbound.ts";

/** One request of a batch. */
export interface BatchRequest extends RequestOptions {
  /** The operation's name. */
  readonly name: string;
  /** Any JSON. Default: null. */
  readonly input?: unknown;
}

/** One call of a batch whose calls depend on each other. */
export interface BatchCall {
  /** Names it within the batch. */
  readonly id: string;
  /** The operation's name. */
  readonly name: string;
  /** Any JSON; {@linkcode ref} in it stands for a part of an earlier result. Default: null. */
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
  /**
   * Runs several calls at once, in one write; the results are in the order of the requests. They
   * are requests of their own, each with its options; none can use the result of another.
   */
  batch(requests: readonly BatchRequest[]): Promise<PromiseSettledResult<unknown>[]>;
  /**
   * Runs calls of which later ones use the results of earlier ones, in one round trip: the peer puts
   * the results in. Each is admitted on its own; time, token and signal are those of the whole. A
   * call that needs one that failed has `DEPENDENCY_FAILED`.
   *
   * @returns What became of each, in the order of the calls.
   * @throws {CallError} `NOT_FOUND` from a peer that does not know batches; else as
   * {@linkcode CallClient.call}, for the whole batch.
   */
  batch(
    calls: readonly BatchCall[],
    options?: RequestOptions,
  ): Promise<PromiseSettledResult<unknown>[]>;
  /** Requests of this side that have not ended. */
  readonly pending: number;
}

/** The requests of one link. */
export function clientOf(link: CallLink): CallClient {
  const { outbound } = link.session;
  return {
    call: (name, input, options) => outbound.call(name, input, options),
    subscribe: (name, input, options) => outbound.subscribe(name, input, options),
    batch: (requests, options?: RequestOptions) => batch(outbound, requests, options),
    get pending(): number {
      return outbound.size;
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

/** Calls with ids go as one request; those without as one each. */
async function batch(
  outbound: Outbound,
  requests: readonly (BatchRequest | BatchCall)[],
  options?: RequestOptions,
): Promise<PromiseSettledResult<unknown>[]> {
  const calls = requests.filter(isCall);
  if (calls.length === 0) {
    return await Promise.allSettled(
      requests.map(({ name, input, ...own }: BatchRequest) => outbound.call(name, input, own)),
    );
  }
  if (calls.length < requests.length) throw new TypeError("Some calls of a batch have no id");
  return await outbound.batch(
    calls.map(({ id, name, input }) => ({ id, operation: name, input })),
    options,
  );
}

function isCall(request: BatchRequest | BatchCall): request is BatchCall {
  return "id" in request;
}
