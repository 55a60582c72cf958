import type { StoredPeer } from "@alknet/core";
import {
  type AccessControl,
  ANYONE,
  type Operation,
  operation,
  type ValueOf,
} from "@alknet/operations";
import { missing } from "./change.ts";
import type { OperationSources } from "./sources.ts";
import { MAX_PAGE, NAME, NOTHING, PAGE, RESOURCES, TEXT, TEXTS } from "./schemas.ts";

const PEERS_READ: AccessControl = { requiredScopes: ["peers:read"] };

const SUMMARY = {
  peerId: TEXT,
  displayName: TEXT,
  scopes: TEXTS,
  groups: TEXTS,
  enabled: { type: "boolean" },
  source: { enum: ["store", "file"], description: "The store, or identities.toml" },
} as const;

const SUMMARY_KEYS = ["peerId", "scopes", "groups", "enabled", "source"] as const;

/** A peer in a list. */
const PEER_SUMMARY = { type: "object", properties: SUMMARY, required: SUMMARY_KEYS } as const;

/** A peer with its keys, all of which are public. */
export const PEER = {
  type: "object",
  properties: {
    ...SUMMARY,
    nodeId: TEXT,
    addresses: TEXTS,
    fingerprints: TEXTS,
    sshKeys: TEXTS,
    resources: RESOURCES,
  },
  required: [...SUMMARY_KEYS, "addresses", "fingerprints", "sshKeys", "resources"],
} as const;

/** Operations that show peers. */
export function aboutPeers(sources: OperationSources): Operation[] {
  return [
    operation({
      name: "peers/list",
      type: "query",
      access: PEERS_READ,
      description: "Known peers by name, without their keys; a page at a time",
      input: PAGE,
      output: { type: "array", items: PEER_SUMMARY },
      handler: (input) => page(sources, input?.after ?? "", input?.limit ?? MAX_PAGE),
    }),
    operation({
      name: "peers/get",
      type: "query",
      access: PEERS_READ,
      description: "One peer, with its keys",
      input: {
        type: "object",
        properties: { peerId: NAME },
        required: ["peerId"],
        additionalProperties: false,
      },
      output: PEER,
      errors: { NOT_FOUND: { description: "There is no such peer", httpStatus: 404 } },
      handler: ({ peerId }) => get(sources, peerId),
    }),
    operation({
      name: "peers/whoami",
      type: "query",
      access: ANYONE,
      description: "Who the caller is here",
      input: NOTHING,
      output: {
        type: "object",
        properties: { id: { type: ["string", "null"] }, scopes: TEXTS },
        required: ["id", "scopes"],
      },
      handler: (_input, { identity }) => ({
        id: identity?.id ?? null,
        scopes: [...identity?.scopes ?? []],
      }),
    }),
  ];
}

/** A peer as operations show it; the hash of its token stays here. */
export function shownPeer(
  peer: StoredPeer,
  source: "store" | "file" = "store",
): ValueOf<typeof PEER> {
  const { nodeId, addresses = [], fingerprints, sshKeys, resources } = peer;
  return {
    ...summaryOf(peer, source),
    ...(nodeId === undefined ? {} : { nodeId }),
    addresses: [...addresses],
    fingerprints: [...fingerprints],
    sshKeys: [...sshKeys],
    resources: Object.fromEntries(
      Object.entries(resources).map(([type, names]) => [type, [...names]]),
    ),
  };
}

function summaryOf(peer: StoredPeer, source: "store" | "file") {
  const { peerId, displayName, scopes, groups = [], enabled } = peer;
  return {
    peerId,
    ...(displayName === undefined ? {} : { displayName }),
    scopes: [...scopes],
    groups: [...groups],
    enabled,
    source,
  };
}

async function page({ store, identitiesFile }: OperationSources, after: string, limit: number) {
  const shown = identitiesFile.entries.peers.filter(({ peerId }) => peerId > after)
    .map((peer) => summaryOf(peer, "file"));
  let count = 0;
  for await (const peer of store.identities.peers(after)) {
    if (++count > limit) break;
    shown.push(summaryOf(peer, "store"));
  }
  return shown.sort((a, b) => a.peerId < b.peerId ? -1 : 1).slice(0, limit);
}

async function get({ store, identitiesFile }: OperationSources, peerId: string) {
  const byHand = identitiesFile.entries.peers.find((peer) => peer.peerId === peerId);
  if (byHand) return shownPeer(byHand, "file");
  const stored = await store.identities.peer(peerId);
  if (!stored) throw missing("peer", peerId);
  return shownPeer(stored);
}
