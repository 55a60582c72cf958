import type { OwnershipProvider } from "@alknet/core";

import type { CallRequest, Dispatcher } from "./context.ts";
import type { HopLimits } from "./hops.ts";
import type { PeerRef } from "./peers/peer_ref.ts";
import type { Registration } from "./registration.ts";
import type { RunOptions } from "./run.ts";
import type { ValueLimits } from "./value_limits.ts";

/** A call on its way through the registry. */
export interface Call {
  /** As the caller wrote it. */
  readonly name: string;
  /** Not yet checked. */
  readonly input: unknown;
  /** What the transport, or the composing call, says. */
  readonly request: CallRequest;
  /** Where in the tree of calls. */
  readonly place: RunOptions;
}

/** What dispatch needs of a registry. */
export interface DispatchOptions extends HopLimits {
  /** Looks a name up. */
  readonly find: (name: string) => Registration | undefined;
  /** Calls by the same registry, for composed calls. */
  readonly callOnce: (call: Call) => Promise<unknown>;
  /** Subscribes by the same registry, for composed calls. */
  readonly subscribeTo: (call: Call) => AsyncIterable<unknown>;
  /** Who owns what. */
  readonly ownership: OwnershipProvider | undefined;
  /** Operations of others, for composed calls only. */
  readonly overlay: Overlay | undefined;
  /** Limits of inputs. */
  readonly limits: ValueLimits;
  /** Whether outputs are checked. */
  readonly validateOutput: boolean;
}

/**
 * Operations beside the registry's own, such as those of connected peers. Only composed calls come
 * here, and only for names that the registry does not have, unless they name a peer.
 */
export interface Overlay {
  /**
   * Who answers a name.
   *
   * @param name What is called.
   * @param peer Whom to ask, and nobody else; undefined for whoever has it.
   * @returns Undefined where nobody does.
   * @throws {CallError} NOT_FOUND where more can be said.
   */
  find(name: string, peer: PeerRef | undefined): Dispatcher | undefined;
}
