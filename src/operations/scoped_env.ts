import type { ScopedEnv } from "./context.ts";

/**
 * What a handler may reach: names of operations, and `peer` with names for one peer alone.
 *
 * @example
 * ```ts
 * import { scopedEnv } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const env = scopedEnv({ operations: ["disk/free"], pinned: { "worker-1": ["disk/wipe"] } });
 * strictEqual(env.allows("disk/free", "worker-2"), true);
 * strictEqual(env.allows("disk/wipe", "worker-2"), false);
 * ```
 */
export function scopedEnv({ operations = [], pinned = {} }: ScopedEnvOptions = {}): ScopedEnv {
  const names = new Set(operations);
  const byPeer = new Map(Object.entries(pinned).map(([peer, each]) => [peer, new Set(each)]));
  return {
    allows: (name, peer) =>
      names.has(name) || (peer !== undefined && (byPeer.get(peer)?.has(name) ?? false)),
  };
}

/** What {@linkcode scopedEnv} lets through. */
export interface ScopedEnvOptions {
  /** Names reachable on this node and on every peer. Default: none. */
  readonly operations?: readonly string[];
  /** Names by the only peer they are reachable on. Default: none. */
  readonly pinned?: Readonly<Record<string, readonly string[]>>;
}
