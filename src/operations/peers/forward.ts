import type { OperationContext } from "../context.ts";
import { claimChain, type ForwardedFor } from "../forwarded_for.ts";
import type { OperationHandler } from "../operation.ts";
import type { OperationSpec } from "../spec.ts";
import type { RemoteOperations } from "./import_operations.ts";

/** What goes with a forwarded request. */
export interface ForwardOptions {
  /** Time it may take, in milliseconds; undefined for what the transport does by default. */
  readonly timeoutMs?: number;
  /** Takes it back there. */
  readonly signal?: AbortSignal;
  /** Who asked here, and for whom: information to the other node, never authority. */
  readonly forwardedFor?: ForwardedFor;
  /** Ids of the nodes that it has passed, this one last. */
  readonly via?: readonly string[];
}

/** A handler that asks another node. */
export function forwardTo(
  remote: RemoteOperations,
  { name, type }: OperationSpec,
  nodeId: string | undefined,
): OperationHandler {
  if (type !== "subscription") {
    return {
      kind: "once",
      run: (input, context) => remote.call(name, input, forwarded(context, nodeId)),
    };
  }
  return {
    kind: "stream",
    run: (input, context) => remote.subscribe(name, input, forwarded(context, nodeId)),
  };
}

function forwarded(context: OperationContext, nodeId: string | undefined): ForwardOptions {
  const { signal, deadline, caller, via } = context;
  const passed = nodeId === undefined ? via : [...via, nodeId];
  return {
    signal,
    ...(deadline === undefined ? {} : { timeoutMs: Math.max(1, deadline - Date.now()) }),
    ...(caller ? { forwardedFor: claimChain(caller, caller.forwardedFor) } : {}),
    ...(passed.length > 0 ? { via: passed } : {}),
  };
}
