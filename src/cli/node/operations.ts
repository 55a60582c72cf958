import type { Endpoint, Identity, IdentityProvider } from "@alknet/core";
import {
  type AccessControl,
  ANYONE,
  type Operation,
  operation,
  OperationRegistry,
  type OperationRegistryOptions,
  type OperationSpec,
} from "@alknet/operations";
import type { Store } from "@alknet/store";
import { changesOf } from "./listing_changes.ts";
import { VERSION } from "../version.ts";

/** What the node's own operations look at. */
export interface OperationSources {
  readonly store: Store;
  /** The endpoint, once it runs. */
  endpoint(): Endpoint | undefined;
  /** Tells when scopes may have changed. Default: they do not. */
  readonly identities?: Pick<IdentityProvider, "onChange">;
  /** Settings of the registry. */
  readonly registry?: OperationRegistryOptions;
  /** Whether a caller who may call an operation is to be told of it. Default: always. */
  offers?(name: string, caller: Identity | undefined): boolean;
}

const NODE_READ: AccessControl = { requiredScopes: ["node:read"] };
const PEERS_READ: AccessControl = { requiredScopes: ["peers:read"] };

/** The operations that every node offers over the call protocol, each behind its scope. */
export function nodeOperations(sources: OperationSources): OperationRegistry {
  const registry = new OperationRegistry(sources.registry);
  registry.register([
    ...discovery(registry, sources),
    ...aboutNode(sources),
    ...aboutPeers(sources),
  ]);
  return registry;
}

/** What a caller may call; open to all, since the answer holds only what the asker may use. */
function discovery(
  registry: OperationRegistry,
  { offers, identities }: OperationSources,
): Operation[] {
  return [
    operation({
      name: "services/list",
      type: "query",
      access: ANYONE,
      description: "Operations the caller may call; with schemas: true, everything about them",
      handler: (input, { identity }) =>
        offered(registry, offers, identity)
          .map(wantsSchemas(input) ? (spec) => ({ ...spec }) : summaryOf),
    }),
    operation({
      name: "services/changes",
      type: "subscription",
      access: ANYONE,
      description: "One item at once, and one each time that what the caller may call has changed",
      output: { type: "object", properties: { operations: { type: "integer" } } },
      handler: (_input, { identityNow, signal }) =>
        changesOf(
          [registry, ...identities ? [identities] : []],
          () => offered(registry, offers, identityNow()),
          signal,
        ),
    }),
    operation({
      name: "services/schema",
      type: "query",
      access: ANYONE,
      description: "Everything about one operation the caller may call",
      input: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
      errors: { NOT_FOUND: { description: "Not there, or not for this caller", httpStatus: 404 } },
      handler: ({ name }, { identity }) => ({ ...registry.schema(name, identity) }),
    }),
  ];
}

function offered(
  registry: OperationRegistry,
  offers: OperationSources["offers"],
  identity: Identity | undefined,
): OperationSpec[] {
  return registry.list(identity).filter(({ name }) => offers?.(name, identity) ?? true);
}

function wantsSchemas(input: unknown): boolean {
  return typeof input === "object" && input !== null && "schemas" in input &&
    input.schemas === true;
}

function summaryOf({ name, type, description }: OperationSpec): Record<string, unknown> {
  return { name, type, description };
}

function aboutNode({ endpoint, store }: OperationSources): Operation[] {
  return [
    operation({
      name: "node/info",
      type: "query",
      access: NODE_READ,
      description: "The node's id, version and counters",
      handler: () => ({
        nodeId: endpoint()?.nodeId,
        version: VERSION,
        counters: { ...endpoint()?.counters },
      }),
    }),
    operation({
      name: "node/handlers",
      type: "query",
      access: NODE_READ,
      description: "Protocols the node serves",
      handler: () =>
        endpoint()?.handlers.map(({ name, alpn }) => ({ name, alpn: [...alpn] })) ?? [],
    }),
    operation({
      name: "node/connections",
      type: "query",
      access: NODE_READ,
      description: "Open connections",
      handler: () =>
        endpoint()?.connections.map((conn) => ({
          ...conn,
          openedAt: conn.openedAt.toISOString(),
        })) ?? [],
    }),
    operation({
      name: "node/events",
      type: "subscription",
      access: NODE_READ,
      description: "Security events as they happen",
      async *handler(_input, { signal }) {
        for await (const entry of store.audit.follow(signal)) {
          yield { ...entry, at: entry.at.toISOString() };
        }
      },
    }),
  ];
}

function aboutPeers({ store }: OperationSources): Operation[] {
  return [
    operation({
      name: "peers/list",
      type: "query",
      access: PEERS_READ,
      description: "Known peers, without their keys",
      handler: async () => {
        const peers = await Array.fromAsync(store.identities.peers());
        return peers.map(({ peerId, scopes, groups = [], enabled }) => ({
          peerId,
          scopes: [...scopes],
          groups: [...groups],
          enabled,
        }));
      },
    }),
    operation({
      name: "peers/whoami",
      type: "query",
      access: ANYONE,
      description: "Who the caller is here",
      handler: (_input, { identity }) => describe(identity),
    }),
  ];
}

function describe(identity: Identity | undefined): Record<string, unknown> {
  return { id: identity?.id ?? null, scopes: [...identity?.scopes ?? []] };
}
