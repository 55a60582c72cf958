import { type AccessControl, type Operation, operation } from "@alknet/operations";
import type { Audit, AuditEntry } from "@alknet/store";
import { EVENT, EVENTS } from "./node_schemas.ts";
import type { OperationSources } from "./sources.ts";

const NODE_READ: AccessControl = { requiredScopes: ["node:read"] };

/**
 * The subscription to security events. There is no heartbeat: a connection that is lost ends it. A
 * caller that wants to know that it follows asks for the last event, which comes at once.
 */
export function nodeEvents({ store }: OperationSources): Operation[] {
  return [
    operation({
      name: "node/events",
      type: "subscription",
      access: NODE_READ,
      description: "Security events as they happen, and if asked some of the past first",
      input: EVENTS,
      output: EVENT,
      handler: (input, { signal }) =>
        events(store.audit, { kinds: input?.kinds, last: input?.last ?? 0, signal }),
    }),
  ];
}

interface Wanted {
  readonly kinds: readonly string[] | undefined;
  readonly last: number;
  readonly signal: AbortSignal;
}

async function* events(audit: Audit, { kinds, last, signal }: Wanted) {
  const past = await audit.list({ limit: Math.max(1, last) });
  const newest = past.at(-1)?.id ?? 0;
  for (const entry of past.slice(past.length - last)) if (isOf(entry, kinds)) yield shown(entry);
  for await (const entry of audit.follow(signal, newest)) {
    if (isOf(entry, kinds)) yield shown(entry);
  }
}

function isOf({ kind }: AuditEntry, kinds: readonly string[] | undefined): boolean {
  return kinds === undefined ||
    kinds.some((each) => each.endsWith("*") ? kind.startsWith(each.slice(0, -1)) : kind === each);
}

function shown({ id, at, kind, peer, fingerprint, remote, detail }: AuditEntry) {
  return {
    id,
    at: at.toISOString(),
    kind,
    ...(peer === undefined ? {} : { peer }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(remote === undefined ? {} : { remote }),
    ...(detail === undefined ? {} : { detail }),
  };
}
