import type { CallClient } from "@alknet/call";
import { type Connection, type HandlerContext, OWNER_ID } from "@alknet/core";
import { AdapterError, importOperations, type PeerCompositeEnv } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

import { Attached } from "./attached.ts";
import { pause } from "@alknet/core";
import { ListingChanges } from "./peer_changes.ts";
import { Slots } from "./slots.ts";

const log = getLogger(["alknet", "peers"]);

/** Imports under way at once; further ones wait. */
const MAX_IMPORTS = 16;

const IMPORT_TIMEOUT_MS = 10_000;

/** Least time between two imports of one connection. */
const MIN_INTERVAL_MS = 1_000;

const MAX_FAILURE_CHARS = 300;

/** Peers whose last failure is remembered. */
const MAX_FAILURES = 1_000;

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
  readonly #timeoutMs: number;

  /**
   * @param nodeId This node's id, for `via`.
   * @param timeoutMs Time a peer has for each answer while it is imported. Default: 10,000.
   */
  constructor(env: PeerCompositeEnv, nodeId: string, timeoutMs: number = IMPORT_TIMEOUT_MS) {
    this.#env = env;
    this.#nodeId = nodeId;
    this.#timeoutMs = timeoutMs;
  }

  /** Takes a connection that was accepted; its peer is attached in the background. */
  accepted(client: CallClient, conn: Connection, { auth }: HandlerContext): void {
    const { identity } = auth;
    if (!identity || identity.id === OWNER_ID) return; // commands on this machine offer nothing
    this.attach(identity.id, client, conn.signal).catch((error) =>
      this.#rejected(identity.id, error)
    );
  }

  /**
   * Imports what a peer offers and attaches it until its connection is over; imports it anew each
   * time that the peer says it has changed.
   *
   * @param signal Aborts when the connection is over.
   * @throws {AdapterError} When there is nothing to attach.
   */
  async attach(peer: string, client: CallClient, signal: AbortSignal): Promise<void> {
    const changes = new ListingChanges(client, signal);
    const begun = await changes.begin(this.#timeoutMs);
    const attached = new Attached(peer, this.#env, signal);
    try {
      await this.#import(attached, client, signal);
    } catch (error) {
      changes.end();
      throw error;
    }
    log.info("peer.attached", { peer, operations: attached.size });
    if (begun) this.#follow(attached, changes, client, signal);
  }

  async #import(attached: Attached, client: CallClient, signal: AbortSignal): Promise<void> {
    const operations = await this.#imports.run(() =>
      importOperations(client, {
        nodeId: this.#nodeId,
        filter: (name) => !name.startsWith("services/"), // asked of this node, not of its peers
        timeoutMs: this.#timeoutMs,
        signal,
      })
    );
    signal.throwIfAborted();
    attached.replace(operations);
    this.#failures.delete(attached.peer);
  }

  /** A peer that changes without end costs no more than one import in each interval. */
  async #follow(
    attached: Attached,
    changes: ListingChanges,
    client: CallClient,
    signal: AbortSignal,
  ): Promise<void> {
    const { peer } = attached;
    try {
      for await (const _ of changes) {
        await this.#import(attached, client, signal);
        log.debug("peer.changed", { peer, operations: attached.size });
        await pause(MIN_INTERVAL_MS, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#rejected(peer, error); // what was attached stays
    }
  }

  /** Remembers why a peer is not attached. */
  failed(peer: string, why: string): void {
    this.#failures.delete(peer);
    const oldest = this.#failures.keys().next();
    if (this.#failures.size >= MAX_FAILURES && !oldest.done) this.#failures.delete(oldest.value);
    this.#failures.set(peer, shown(why));
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

/** It may be the peer's own words, and is printed on terminals. */
function shown(text: string): string {
  return text.slice(0, MAX_FAILURE_CHARS).replace(/[\p{Cc}\p{Cf}]/gu, "?");
}

function lastError(why: string | undefined): { readonly lastError?: string } {
  return why === undefined ? {} : { lastError: why };
}
