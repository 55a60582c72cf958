import type { Operation, PeerCompositeEnv } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

const log = getLogger(["alknet", "peers"]);

/** What one connection of a peer has attached, until the connection is over. */
export class Attached {
  readonly peer: string;
  readonly #env: PeerCompositeEnv;
  readonly #signal: AbortSignal;
  #detach?: () => void;
  #size = 0;

  /** @param signal Aborts when the connection is over. */
  constructor(peer: string, env: PeerCompositeEnv, signal: AbortSignal) {
    this.peer = peer;
    this.#env = env;
    this.#signal = signal;
  }

  /** How many operations there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Puts operations in the place of those before.
   *
   * @throws {AdapterError} When two have one name; those before stay.
   * @throws {PeerLimitError} At a limit; those before stay.
   */
  replace(operations: readonly Operation[]): void {
    const before = this.#detach;
    this.#detach = this.#env.attach(this.peer, operations);
    this.#size = operations.length;
    if (before) before();
    else this.#signal.addEventListener("abort", this.#end, { once: true });
  }

  readonly #end = (): void => {
    this.#detach?.();
    log.info("peer.detached", { peer: this.peer });
  };
}
