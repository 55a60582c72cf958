import type { Connection, HandlerContext } from "@alknet/core";
import {
  AdapterError,
  importOperations,
  type PeerCompositeEnv,
  type RemoteOperations,
} from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

import { Slots } from "./slots.ts";

const log = getLogger(["alknet", "peers"]);

/** Imports under way at once; further ones wait. */
const MAX_IMPORTS = 16;

/** Time a peer has for each answer while its operations are imported. */
const IMPORT_TIMEOUT_MS = 10_000;

/** Peers whose last failure is remembered. */
const MAX_FAILURES = 1_000;

/** The identity of whoever holds this node's own key: commands, which offer nothing. */
const OWNER_ID = "owner";

/** One peer, as `alknet status` shows it. */
export interface PeerStatus {
  /** Its logical id. */
  readonly peer: string;
  /** Since when it is attached; absent while it is not. */
  readonly since?: string;
  /** How many operations it offers. */
  readonly operations: number;
  /** Calls under way there. */
  readonly pending: number;
  /** What went wrong the last time. */
  readonly lastError?: string;
}

/** Attaches what connected peers offer, and detaches it when their connection is over. */
export class PeerLinks {
  readonly #env: PeerCompositeEnv;
  readonly #nodeId: string;
  readonly #imports = new Slots(MAX_IMPORTS);
  readonly #failures = new Map<string, string>();

  /** @param nodeId This node's id, for `via`. */
  constructor(env: PeerCompositeEnv, nodeId: string) {
    this.#env = env;
    this.#nodeId = nodeId;
  }

  /** Takes a connection that was accepted; its peer is attached in the background. */
  accepted(client: RemoteOperations, conn: Connection, { auth }: HandlerContext): void {
    const { identity } = auth;
    if (!identity || identity.id === OWNER_ID) return;
    this.attach(identity.id, client, conn.signal).catch((error) =>
      this.#rejected(identity.id, error)
    );
  }

  /**
   * Imports what a peer offers and attaches it until its connection is over.
   *
   * @param signal Aborts when the connection is over.
   * @throws {AdapterError} When there is nothing to attach.
   */
  async attach(peer: string, client: RemoteOperations, signal: AbortSignal): Promise<void> {
    const operations = await this.#imports.run(() =>
      importOperations(client, {
        nodeId: this.#nodeId,
        filter: (name) => !name.startsWith("services/"), // asked of this node, not of its peers
        timeoutMs: IMPORT_TIMEOUT_MS,
        signal,
      })
    );
    signal.throwIfAborted();
    const detach = this.#env.attach(peer, operations);
    this.#failures.delete(peer);
    log.info("peer.attached", { peer, operations: operations.length });
    signal.addEventListener("abort", () => {
      detach();
      log.info("peer.detached", { peer });
    }, { once: true });
  }

  /** Remembers why a peer is not attached. */
  failed(peer: string, why: string): void {
    this.#failures.delete(peer);
    const oldest = this.#failures.keys().next();
    if (this.#failures.size >= MAX_FAILURES && !oldest.done) this.#failures.delete(oldest.value);
    this.#failures.set(peer, why);
  }

  /** Peers that are attached, and those that are not although they should be. */
  statuses(): PeerStatus[] {
    const attached = this.#env.peers().map(({ peer, since, pending, operations }) => ({
      peer,
      since: since.toISOString(),
      operations: operations.length,
      pending,
      ...lastError(this.#failures.get(peer)),
    }));
    const known = new Set(attached.map(({ peer }) => peer));
    const missing = [...this.#failures].filter(([peer]) => !known.has(peer))
      .map(([peer, why]) => ({ peer, operations: 0, pending: 0, ...lastError(why) }));
    return [...attached, ...missing];
  }

  /** A client that only asks answers that it has no operations: no reason to tell anybody. */
  #rejected(peer: string, error: unknown): void {
    const quiet = error instanceof AdapterError &&
      (error.kind === "discovery-failed" || error.kind === "transport");
    if (quiet || !(error instanceof Error)) {
      return log.debug("peer.offers-nothing", { peer, error });
    }
    this.failed(peer, error.message);
    log.warn("peer.not-attached", { peer, error });
  }
}

function lastError(why: string | undefined): { readonly lastError?: string } {
  return why === undefined ? {} : { lastError: why };
}
