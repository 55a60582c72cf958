import { CallCode, CallError } from "../call_error.ts";
import type { Dispatcher } from "../context.ts";
import type { Overlay } from "../dispatch.ts";
import type { Operation } from "../operation.ts";
import type { OperationSpec } from "../spec.ts";
import { PeerAttachment } from "./peer_attachment.ts";
import { anyPeer, type PeerPolicy, type PeerRef } from "./peer_ref.ts";

/** Settings of a {@linkcode PeerCompositeEnv}. */
export interface PeerCompositeEnvOptions {
  /** Most peers attached at once. Default: 4,096. */
  readonly maxPeers?: number;
  /** Most operations of one connection of a peer. Default: 1,000. */
  readonly maxOperationsPerPeer?: number;
  /** Told of a peer whose operations have changed. Must not throw. Default: nobody is told. */
  readonly onChange?: (peer: string) => void;
}

/** A peer that is attached. */
export interface AttachedPeer {
  /** Its logical id. */
  readonly peer: string;
  /** Since when it is attached without a gap. */
  readonly since: Date;
  /** Calls and subscriptions under way there. */
  readonly pending: number;
  /** What it offers, in the order in which it told. */
  readonly operations: readonly OperationSpec[];
}

/** Thrown where more peers, or more operations of one, are attached than the limits allow. */
export class PeerLimitError extends RangeError {
  /** The class's name. */
  override readonly name = "PeerLimitError";
  /** Who has to act. */
  readonly blame = "remote";
}

/** Connections of one peer that are remembered; the newest answers. */
const MAX_ATTACHMENTS = 4;

/** One peer; its place in the order stays while it has any connection. */
interface Peer {
  readonly id: string;
  readonly since: Date;
  /** Oldest first. */
  readonly attachments: PeerAttachment[];
}

/**
 * The operations of the peers that are connected now, by peer: the overlay of a registry. Two peers
 * may well have the same names; that is what `PeerRef` is for.
 *
 * A peer with several connections is answered by the newest, and by the one before when that ends.
 *
 * @example
 * ```ts
 * import { ANYONE, importedOperation, operation, PeerCompositeEnv } from "@alknet/operations";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const { spec } = operation({ name: "disk/free", access: ANYONE, handler: () => 1 });
 * const peers = new PeerCompositeEnv();
 * const detach = peers.attach("worker-1", [importedOperation(spec, { kind: "once", run: () => 1 })]);
 * deepStrictEqual(peers.serving("disk/free"), ["worker-1"]);
 * detach();
 * deepStrictEqual(peers.serving("disk/free"), []);
 * ```
 */
export class PeerCompositeEnv implements Overlay {
  readonly #peers = new Map<string, Peer>();
  /** Who was picked last, for each name. */
  readonly #lastPicked = new Map<string, Peer>();
  readonly #options: Required<Omit<PeerCompositeEnvOptions, "onChange">>;
  readonly #onChange: (peer: string) => void;

  /** Begins with no peers. */
  constructor({ maxPeers, maxOperationsPerPeer, onChange }: PeerCompositeEnvOptions = {}) {
    this.#options = {
      maxPeers: maxPeers ?? 4_096,
      maxOperationsPerPeer: maxOperationsPerPeer ?? 1_000,
    };
    this.#onChange = onChange ?? ((): void => {});
  }

  /**
   * Attaches what one connection of a peer offers; it answers instead of an older one.
   *
   * @param id The peer's logical id.
   * @param operations Imported ones.
   * @returns What detaches this connection, and no other, when it is over.
   * @throws {AdapterError} Of kind same-peer-collision when two operations have one name.
   * @throws {PeerLimitError} At a limit; nothing is attached then.
   */
  attach(id: string, operations: readonly Operation[]): () => void {
    const { maxPeers, maxOperationsPerPeer } = this.#options;
    if (operations.length > maxOperationsPerPeer) {
      throw new PeerLimitError(
        `Cannot attach peer "${id}": over ${maxOperationsPerPeer} operations`,
      );
    }
    if (!this.#peers.has(id) && this.#peers.size >= maxPeers) {
      throw new PeerLimitError(`Cannot attach peer "${id}": ${maxPeers} are attached`);
    }
    const attachment = new PeerAttachment(id, operations);
    const peer = this.#peers.get(id) ?? { id, since: attachment.since, attachments: [] };
    this.#peers.set(id, peer);
    peer.attachments.push(attachment);
    if (peer.attachments.length > MAX_ATTACHMENTS) peer.attachments.shift();
    this.#onChange(id);
    return () => this.#end(peer, attachment);
  }

  /**
   * Detaches a peer with all its connections; calls that run go on until those end.
   *
   * @returns Whether it was attached.
   */
  detach(id: string): boolean {
    const peer = this.#peers.get(id);
    if (peer) this.#remove(peer);
    return peer !== undefined;
  }

  /**
   * Who answers a name.
   *
   * @throws {CallError} NOT_FOUND that says which peer, for one that is not attached.
   */
  find(name: string, ref: PeerRef = anyPeer()): Dispatcher | undefined {
    if (ref.kind === "any") return this.#pick(name, ref);
    const peer = this.#peers.get(ref.id);
    if (!peer) {
      throw new CallError(CallCode.NotFound, `Peer not attached: ${ref.id.slice(0, 256)}`);
    }
    return offering(peer, name);
  }

  /** The peers that serve a name, in the order of {@linkcode PeerCompositeEnv.peers}. */
  serving(name: string): string[] {
    return [...this.#peers.values()].filter((peer) => offering(peer, name)).map(({ id }) => id);
  }

  /** What a peer says of an operation; undefined where it has none of that name. */
  spec(id: string, name: string): OperationSpec | undefined {
    const peer = this.#peers.get(id);
    return peer && offering(peer, name)?.specs.get(name);
  }

  /** The peers attached, in the order in which they first were. */
  peers(): AttachedPeer[] {
    return [...this.#peers.values()].map((peer) => ({
      peer: peer.id,
      since: peer.since,
      pending: pendingOf(peer),
      operations: [...peer.attachments.at(-1)?.specs.values() ?? []],
    }));
  }

  #pick(name: string, { policy, among }: PeerRef & { kind: "any" }): Dispatcher | undefined {
    const able = [...this.#peers.values()]
      .filter((peer) => offering(peer, name) && (among?.(peer.id) ?? true));
    const [first] = able;
    if (!first) return undefined;
    const picked = policy === "first" ? first : this.#inTurn(name, able, policy) ?? first;
    return offering(picked, name);
  }

  #inTurn(name: string, able: Peer[], policy: PeerPolicy): Peer | undefined {
    const last = this.#lastPicked.get(name);
    const next = last ? able.indexOf(last) + 1 : 0;
    const inTurn = [...able.slice(next), ...able.slice(0, next)];
    const [picked] = policy === "round-robin"
      ? inTurn
      : inTurn.sort((a, b) => pendingOf(a) - pendingOf(b));
    if (picked) this.#lastPicked.set(name, picked);
    return picked;
  }

  #end(peer: Peer, attachment: PeerAttachment): void {
    const index = peer.attachments.indexOf(attachment);
    if (index < 0) return;
    peer.attachments.splice(index, 1);
    if (peer.attachments.length === 0) this.#remove(peer);
    else this.#onChange(peer.id);
  }

  #remove(peer: Peer): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.#peers.delete(peer.id);
    peer.attachments.length = 0;
    for (const [name, last] of this.#lastPicked) {
      if (last === peer) this.#lastPicked.delete(name);
    }
    this.#onChange(peer.id);
  }
}

/** The newest connection answers, and no other: it is what the peer offers now. */
function offering({ attachments }: Peer, name: string): PeerAttachment | undefined {
  const newest = attachments.at(-1);
  return newest?.specs.has(name) ? newest : undefined;
}

function pendingOf({ attachments }: Peer): number {
  return attachments.reduce((sum, each) => sum + each.pending, 0);
}
