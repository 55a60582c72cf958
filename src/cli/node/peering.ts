import { ALPN, type CallOptions } from "@alknet/call";
import { dial, type KnownPeer, PathMemory } from "@alknet/client";
import type { Identity, IdentityProvider, NodeKey, StoredPeer } from "@alknet/core";
import { type Dispatcher, type OperationRegistry, PeerCompositeEnv } from "@alknet/operations";

import type { Config } from "../config/config.ts";
import { keepAttached } from "./keep_attached.ts";
import { PeerLinks, type PeerStatus } from "./peer_links.ts";
import { mayCallPeers, PEER_GRANTS, peerOperations } from "./peer_operations.ts";
import { Reexports } from "./reexports.ts";

/** What {@linkcode Peering.keep} dials with. */
export interface DiallingOptions {
  /** This node's key. */
  readonly key: NodeKey;
  /** Who peers are here. */
  readonly identities: IdentityProvider;
  /** Looks a peer up by its name. */
  readonly peer: (name: string) => Promise<StoredPeer | undefined>;
  /** What peers may call. */
  readonly dispatcher: Dispatcher;
}

/** The peers of one node: what they offer, who may call them, and which are kept connected. */
export class Peering implements AsyncDisposable {
  /** For the registry: what composed calls find. */
  readonly env: PeerCompositeEnv;
  readonly #config: Pick<Config, "attach" | "reexports">;
  readonly #links: PeerLinks;
  readonly #stop = new AbortController();
  #reexports?: Reexports;
  #kept: Promise<unknown> = Promise.resolve();

  /** @param nodeId This node's id. */
  constructor(config: Pick<Config, "attach" | "reexports">, nodeId: string) {
    this.env = new PeerCompositeEnv({ onChange: (peer) => this.#reexports?.changed(peer) });
    this.#config = config;
    this.#links = new PeerLinks(this.env, nodeId);
  }

  /** For the call handler: attaches the peers that connect. */
  readonly onConnect: CallOptions["onConnect"] = (client, conn, ctx) =>
    this.#links.accepted(client, conn, ctx);

  /** Adds what callers reach peers with; what `[[reexport]]` says follows as peers come. */
  register(registry: OperationRegistry): void {
    registry.register(peerOperations(this.env), PEER_GRANTS);
    this.#reexports = new Reexports(this.#config.reexports, registry, this.env);
  }

  /** Whether a caller is to be told of an operation. */
  offers(name: string, caller: Identity | undefined): boolean {
    if (name === "peers/call" || name === "peers/subscribe") return mayCallPeers(caller);
    return this.#reexports?.offers(name, caller) ?? true;
  }

  /** Begins to keep connections to the peers of `[call] attach`. */
  keep({ key, identities, peer, dispatcher }: DiallingOptions): void {
    const paths = new PathMemory();
    const { signal } = this.#stop;
    const options = {
      links: this.#links,
      dispatcher,
      identities,
      signal,
      knownPeer: async (name: string): Promise<KnownPeer | undefined> =>
        knownPeer(await peer(name)),
      dial: (name: string, known: KnownPeer) =>
        dial(name, { alpn: ALPN, identity: key, signal, paths, knownPeer: () => known }),
    };
    this.#kept = Promise.all(
      [...new Set(this.#config.attach)].map((name) => keepAttached(name, options)),
    );
  }

  /** For `alknet status`. */
  statuses(): PeerStatus[] {
    return this.#links.statuses();
  }

  /** Closes the connections that are kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#kept;
  }
}

function knownPeer(peer: StoredPeer | undefined): KnownPeer | undefined {
  return peer?.nodeId ? { nodeId: peer.nodeId, addresses: peer.addresses ?? [] } : undefined;
}
