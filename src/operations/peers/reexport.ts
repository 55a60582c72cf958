import type { Identity } from "@alknet/core";

import type { AccessControl } from "../access.ts";
import { OperationDefinitionError } from "../errors.ts";
import { checkOperation, type Operation, type OperationHandler } from "../operation.ts";
import type { OperationGrants } from "../registration.ts";
import { schemaCheck } from "../schema_check.ts";
import { scopedEnv } from "../scoped_env.ts";
import { namespaceOf, type OperationSpec } from "../spec.ts";
import type { PeerRef } from "./peer_ref.ts";

/** How an operation of a peer is offered here. */
export interface ReexportOptions {
  /** What callers of this node need: nothing of what the peer says counts for them. */
  readonly access: AccessControl;
  /** Who answers. Default: an imported operation of this node itself. */
  readonly peer?: PeerRef;
  /** What it is called here. Default: what it is called there. */
  readonly name?: string;
  /** Under whose scopes it is forwarded. Default: those of this node, which may everything. */
  readonly authority?: Identity;
}

/** What a registry takes: the operation, and what it is given. */
export interface Reexported {
  /** External, with the schemas of the original. */
  readonly operation: Operation;
  /** Lets it reach the original and nothing else. */
  readonly grants: OperationGrants;
}

const NODE: Identity = { id: "reexport", scopes: ["*"], resources: {} };
const FOREIGN = { foreign: true };

/**
 * Makes an operation of this node's own out of one that a peer has: callers from the wire reach
 * nothing else of a peer's. It is forwarded under this node's authority, with the caller as claim;
 * every coded error of the peer is its answer. A caller is never handed back to itself.
 *
 * @param spec What the peer says of it.
 * @throws {OperationDefinitionError} For a name against the rules.
 * @throws {SchemaError} For a schema that cannot be used.
 *
 * @example
 * ```ts
 * import { operation, OperationRegistry, reexport, specificPeer } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const { spec } = operation({ name: "disk/free", handler: () => 1 });
 * const { operation: own, grants } = reexport(spec, {
 *   access: { requiredScopes: ["disk:read"] },
 *   peer: specificPeer("worker-1"),
 *   name: "w1/disk/free",
 * });
 * new OperationRegistry().register(own, grants);
 * strictEqual(own.spec.visibility, "external");
 * ```
 */
export function reexport(spec: OperationSpec, options: ReexportOptions): Reexported {
  const { access, peer, name = spec.name, authority = NODE } = options;
  if (!peer && name === spec.name) {
    throw new OperationDefinitionError(
      `Cannot re-export "${name}" of this node under its own name`,
    );
  }
  const { resourceIdPath: _, ...rest } = spec;
  const own: OperationSpec = {
    ...rest,
    name,
    namespace: namespaceOf(name),
    visibility: "external",
    accessControl: access,
  };
  const operation = checkOperation({
    spec: own,
    handler: handlerFor(spec, peer),
    input: schemaCheck(spec.inputSchema, FOREIGN),
    output: schemaCheck(spec.outputSchema, FOREIGN),
    errors: new Map(),
    imported: false,
    forwardsErrors: true,
  });
  const reaches = peer?.kind === "specific"
    ? scopedEnv({ pinned: { [peer.id]: [spec.name] } })
    : scopedEnv({ operations: [spec.name] });
  return { operation, grants: { authority, reaches } };
}

function handlerFor({ name, type }: OperationSpec, peer: PeerRef | undefined): OperationHandler {
  if (type !== "subscription") {
    return {
      kind: "once",
      run: (input, { env, caller }) => env.invoke(name, input, refOf(peer, caller)),
    };
  }
  return {
    kind: "stream",
    run: (input, { env, caller }) => env.subscribe(name, input, refOf(peer, caller)),
  };
}

/** Without the caller among those who may be picked: it would get its own question back. */
function refOf(
  peer: PeerRef | undefined,
  caller: Identity | undefined,
): { readonly peer?: PeerRef } {
  if (!peer) return {};
  if (peer.kind === "specific" || !caller) return { peer };
  const among = (id: string): boolean => id !== caller.id && (peer.among?.(id) ?? true);
  return { peer: { ...peer, among } };
}
