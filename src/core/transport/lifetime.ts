import type { CloseInfo } from "../connection.ts";
import { ConnectionClosedError } from "../errors.ts";
import type { Traffic } from "./transport.ts";

/** What a connection and its streams share on every transport: the one-way road to its end. */
export class Lifetime {
  /** Resolves once, with how the connection ended. */
  readonly closed: Promise<CloseInfo>;
  /** Bytes so far. */
  readonly traffic: Traffic = { received: 0, sent: 0 };
  readonly #resolve: (info: CloseInfo) => void;
  #abort?: AbortController;
  #info?: CloseInfo;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<CloseInfo>();
    this.closed = promise;
    this.#resolve = resolve;
  }

  /** Aborts at the end; made on demand, since most connections never ask for it. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#info) this.#abort.abort(new ConnectionClosedError(this.#info));
    return this.#abort.signal;
  }

  /** How it ended, or undefined while it lives. */
  get info(): CloseInfo | undefined {
    return this.#info;
  }

  /** Ends it; later calls change nothing. Returns whether this call was the one. */
  end(info: CloseInfo): boolean {
    if (this.#info) return false;
    this.#info = info;
    this.#resolve(info);
    this.#abort?.abort(new ConnectionClosedError(info));
    return true;
  }

  /** Throws when it is over. */
  assertOpen(): void {
    if (this.#info) throw new ConnectionClosedError(this.#info);
  }
}
