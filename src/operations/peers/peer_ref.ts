/** Which of several peers that serve a name is asked. */
export type PeerPolicy =
  /** The one attached first. */
  | "first"
  /** Each in turn, for each name. */
  | "round-robin"
  /** The one with the fewest calls under way here; in turn among equals. */
  | "least-pending";

/** Every {@linkcode PeerPolicy}. */
export const PEER_POLICIES: readonly PeerPolicy[] = ["first", "round-robin", "least-pending"];

/** Whom to ask. */
export type PeerRef =
  /** That peer and no other: a call fails where it is not attached or lacks the operation. */
  | { readonly kind: "specific"; readonly id: string }
  /** One of the peers that serve the name; never this node itself. */
  | {
    readonly kind: "any";
    readonly policy: PeerPolicy;
    /** Which peers may be picked. Default: all. */
    readonly among?: (peer: string) => boolean;
  };

/**
 * The peer of a logical id, and no other.
 *
 * @example
 * ```ts
 * import { specificPeer } from "@alknet/operations";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(specificPeer("worker-1"), { kind: "specific", id: "worker-1" });
 * ```
 */
export function specificPeer(id: string): PeerRef {
  return { kind: "specific", id };
}

/** Which of the peers that serve a name. */
export interface AnyPeerOptions {
  /** Default: the one attached first. */
  readonly policy?: PeerPolicy;
  /** Which peers may be picked. Default: all. */
  readonly among?: (peer: string) => boolean;
}

/** Any peer that serves the name. */
export function anyPeer({ policy = "first", among }: AnyPeerOptions = {}): PeerRef {
  return { kind: "any", policy, ...(among ? { among } : {}) };
}

/** Whom a reference means, in words for an error. */
export function describePeerRef(ref: PeerRef): string {
  return ref.kind === "specific" ? `peer ${ref.id.slice(0, 256)}` : "any peer";
}
