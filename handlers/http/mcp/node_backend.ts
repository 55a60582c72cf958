import type { Identity } from "@alknet/core";

import type { OperationSource } from "../gateway/catalogue.ts";
import type { McpBackend } from "./mcp_backend.ts";

/** Whose calls a {@linkcode nodeBackend} makes. */
export interface NodeBackendOptions {
  /** Who calls; undefined for a stranger. */
  readonly identity: Identity | undefined;
  /** Time for each call. */
  readonly timeoutMs: number;
}

/** The operations of this node, for one caller. */
export function nodeBackend(
  { dispatcher, catalogue }: OperationSource,
  { identity, timeoutMs }: NodeBackendOptions,
): McpBackend {
  return {
    dispatcher,
    list: () => Promise.resolve(catalogue.list(identity)),
    // deno-lint-ignore require-await -- what it throws shall be a rejection
    schema: async (name) => catalogue.schema(name, identity),
    request: (signal) => ({
      requestId: crypto.randomUUID(),
      signal,
      origin: "wire",
      deadlineMs: Date.now() + timeoutMs,
      ...(identity ? { identity } : {}),
    }),
  };
}
