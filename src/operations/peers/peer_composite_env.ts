import { CallCode, CallError } from "../call_error.ts";
import type { Dispatcher } from "../context.ts";
import type { Overlay } from "../dispatch.ts";
import type { Operation } from "../operation.ts";
import type { OperationSpec } from "../spec.ts";
import { NameIndex, type Placed } from "./name_index.ts";
import { PeerAttachment } from "./peer_attachment.ts";
import { anyPeer, type PeerRef } from "./peer_ref.ts";

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
interface Peer extends Placed {
  readonly id: string;
  readonly order: number;
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
  readonly #index = new NameIndex<Peer>();
  /** The place of who was picked last, for each name. */
  readonly #lastPicked = new Map<string, number>();
  #newcomers = 0;
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
    const peer = this.#peers.get(id) ?? this.#newcomer(id, attachment.since);
    this.#change(peer, () => {
      peer.attachments.push(attachment);
      if (peer.attachments.length > MAX_ATTACHMENTS) peer.attachments.shift();
    });
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
    return this.#index.serving(name).map(({ id }) => id);
  }

  /** What a peer says of an operation; undefined where it has none of that name. */
  spec(id: string, name: string): OperationSpec | undefined {
    const peer = this.#peers.get(id);
    return peer && offering(peer, name)?.specs.get(name);
  }

  /** One peer; undefined where it is not attached. */
  peer(id: string): AttachedPeer | undefined {
    const peer = this.#peers.get(id);
    return peer && described(peer);
  }

  /** The peers attached, in the order in which they first were. */
  peers(): AttachedPeer[] {
    return [...this.#peers.values()].map(described);
  }

  #newcomer(id: string, since: Date): Peer {
    const peer = { id, order: this.#newcomers++, since, attachments: [] };
    this.#peers.set(id, peer);
    return peer;
  }

  #pick(name: string, { policy, among }: PeerRef & { kind: "any" }): Dispatcher | undefined {
    const able = this.#index.serving(name);
    const first = policy === "first"
      ? 0
      : this.#index.placeAfter(name, this.#lastPicked.get(name) ?? -1);
    let picked: Peer | undefined;
    let least = Infinity;
    for (let n = 0; n < able.length && least > 0; n++) {
      const peer = able[(first + n) % able.length];
      if (!peer || among?.(peer.id) === false) continue;
      const weight = policy === "least-pending" ? pendingOf(peer) : 0;
      if (weight < least) [picked, least] = [peer, weight];
    }
    if (!picked) return undefined;
    if (policy !== "first") this.#lastPicked.set(name, picked.order);
    return offering(picked, name);
  }

  /** Runs what changes a peer's connections, and tells of it. */
  #change(peer: Peer, change: () => void): void {
    const before = namesOf(peer);
    change();
    const now = namesOf(peer);
    this.#index.update(peer, before, now);
    for (const name of before) {
      if (this.#index.serving(name).length === 0) this.#lastPicked.delete(name);
    }
    this.#onChange(peer.id);
  }

  #end(peer: Peer, attachment: PeerAttachment): void {
    const index = peer.attachments.indexOf(attachment);
    if (index < 0) return;
    if (peer.attachments.length === 1) this.#remove(peer);
    else this.#change(peer, () => peer.attachments.splice(index, 1));
  }

  #remove(peer: Peer): void {
    this.#peers.delete(peer.id);
    this.#change(peer, () => peer.attachments.length = 0);
  }
}

function described(peer: Peer): AttachedPeer {
  const { id, since, attachments } = peer;
  const operations = [...attachments.at(-1)?.specs.values() ?? []];
  return { peer: id, since, pending: pendingOf(peer), operations };
}

function namesOf({ attachments }: Peer): Set<string> {
  return new Set(attachments.at(-1)?.specs.keys());
}

/** The newest connection answers, and no other: it is what the peer offers now. */
function offering({ attachments }: Peer, name: string): PeerAttachment | undefined {
  const newest = attachments.at(-1);
  return newest?.specs.has(name) ? newest : undefined;
}

function pendingOf({ attachments }: Peer): number {
  return attachments.reduce((sum, each) => sum + each.pending, 0);
}
