import { hasScope, keyFingerprint, NodeIdError, parseNodeId, type StoredPeer } from "@alknet/core";
import { parseAddress, TargetError } from "@alknet/client";
import {
  type AccessControl,
  type Operation,
  operation,
  type OperationContext,
} from "@alknet/operations";
import { holdingsOf } from "../authority.ts";
import { noteChange } from "../note_change.ts";
import { PEER, shownPeer } from "./about_peers.ts";
import {
  assertMayGive,
  assertMayTouch,
  changeAs,
  type ChangeScope,
  conflict,
  forbidden,
  invalid,
  missing,
} from "./change.ts";
import { CHANGE_ERRORS, GROUPS, NAME, REMOVED, RESOURCES, SCOPES } from "./schemas.ts";
import type { OperationSources } from "./sources.ts";

const PEERS_WRITE: AccessControl = { requiredScopes: ["peers:write"] };

/** Who decides where this node dials to when it is told a peer's name. */
const DIAL_SCOPE = "peers:dial";

const FIELDS = {
  displayName: { type: "string", minLength: 1, maxLength: 255, description: "A name for people" },
  nodeId: {
    type: "string",
    maxLength: 64,
    description: "A node's id; adds its key. Needs peers:dial",
  },
  addresses: {
    type: "array",
    items: { type: "string", maxLength: 255 },
    maxItems: 16,
    description: "Where to dial it, host:port, best first. Needs peers:dial",
  },
  fingerprints: {
    type: "array",
    items: { type: "string", pattern: "^(ed25519|SHA256):[0-9a-f]{64}$" },
    maxItems: 64,
    description: "Keys and certificates",
  },
  sshKeys: {
    type: "array",
    items: { type: "string", pattern: "^[A-Za-z0-9+/]{16,11000}={0,2}$" },
    maxItems: 64,
    description: "SSH public keys: the second word of a .pub file",
  },
  scopes: SCOPES,
  groups: GROUPS,
  resources: RESOURCES,
  enabled: { type: "boolean", description: "Whether it may connect at all" },
} as const;

const PUT = {
  type: "object",
  properties: {
    peerId: NAME,
    ...FIELDS,
    expect: { enum: ["new", "known"], description: "Refuse unless it is so. Default: either" },
  },
  required: ["peerId"],
  additionalProperties: false,
} as const;

/** The fields of a peer that an input may give. */
type PeerFields = Partial<Omit<StoredPeer, "peerId" | "authTokenHash" | "tokenExpiresAt">>;

/** Operations that change peers. */
export function changePeers(sources: OperationSources): Operation[] {
  return [
    operation({
      name: "peers/put",
      access: PEERS_WRITE,
      idempotent: true,
      description: "Add a peer, or change one; what is left out stays as it is",
      input: PUT,
      output: {
        type: "object",
        properties: { added: { type: "boolean" }, peer: PEER },
        required: ["added", "peer"],
      },
      errors: CHANGE_ERRORS,
      handler: ({ peerId, expect, ...fields }, context) =>
        put(sources, { peerId, expect, fields }, context),
    }),
    operation({
      name: "peers/remove",
      access: PEERS_WRITE,
      description: "Remove a peer and the tokens it made; its connections end at once",
      input: {
        type: "object",
        properties: { peerId: NAME },
        required: ["peerId"],
        additionalProperties: false,
      },
      output: REMOVED,
      errors: CHANGE_ERRORS,
      handler: ({ peerId }, context) => remove(sources, peerId, context),
    }),
  ];
}

interface Put {
  readonly peerId: string;
  readonly expect: "new" | "known" | undefined;
  readonly fields: PeerFields;
}

async function put(sources: OperationSources, wanted: Put, context: OperationContext) {
  const { peerId, expect, fields } = wanted;
  const what = `peers/put ${peerId}`;
  const { before, after, by } = await changeAs(sources, { what, context }, async (scope) => {
    const before = await scope.changes.peer(peerId);
    if (!before && expect === "known") throw missing("peer", peerId);
    if (before && expect === "new") throw conflict(`There is a peer "${peerId}"`);
    const after = merged(before ?? blank(peerId), fields);
    assertNotByHand(sources, after);
    if (before) assertMayTouch(scope.authority, peerId, holdingsOf(before));
    assertMayGive(scope.authority, holdingsOf(after));
    assertMayDial(scope, before, after);
    await scope.changes.putPeer(after);
    return { before, after, by: scope.caller.id };
  });
  noteChange(sources.store, {
    by,
    kind: before ? "peer.changed" : "peer.added",
    what: `${peerId}: ${Object.keys(fields).join(" ") || "nothing"}`,
  });
  return { added: !before, peer: shownPeer(after) };
}

async function remove(sources: OperationSources, peerId: string, context: OperationContext) {
  const what = `peers/remove ${peerId}`;
  const by = await changeAs(sources, { what, context }, async (scope) => {
    const before = await scope.changes.peer(peerId);
    if (!before) {
      assertNotByHand(sources, blank(peerId));
      throw missing("peer", peerId);
    }
    assertMayTouch(scope.authority, peerId, holdingsOf(before));
    assertMayDial(scope, before, undefined);
    await scope.changes.removePeer(peerId);
    return scope.caller.id;
  });
  noteChange(sources.store, { by, kind: "peer.removed", what: peerId });
  return { removed: peerId };
}

function blank(peerId: string): StoredPeer {
  return { peerId, fingerprints: [], sshKeys: [], scopes: [], resources: {}, enabled: true };
}

function merged(before: StoredPeer, fields: PeerFields): StoredPeer {
  for (const [index, address] of (fields.addresses ?? []).entries()) {
    attempt(`/addresses/${index}`, TargetError, () => parseAddress(address));
  }
  const after = { ...before, ...fields };
  const { nodeId } = fields;
  if (nodeId === undefined) return after;
  const key = attempt("/nodeId", NodeIdError, () => keyFingerprint(parseNodeId(nodeId)));
  return { ...after, fingerprints: [...new Set([...after.fingerprints, key])] };
}

function attempt<T>(path: string, expected: new (...args: never[]) => Error, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof expected) throw invalid(path, error.message);
    throw error;
  }
}

/**
 * What a person keeps in `identities.toml` is not changed from afar, nor shadowed: an entry of the
 * store with its name would own what it owns, one with its key could keep it out.
 */
function assertNotByHand({ identitiesFile }: OperationSources, after: StoredPeer): void {
  const keys = new Set([...after.fingerprints, ...after.sshKeys]);
  const clash = identitiesFile.entries.peers.find((peer) =>
    peer.peerId === after.peerId ||
    [...peer.fingerprints, ...peer.sshKeys].some((key) => keys.has(key))
  );
  if (clash) throw conflict("That peer, or a key of it, stands in identities.toml of the node");
}

/** Whom this node takes for a peer when it dials the peer's name is a right of its own. */
function assertMayDial(
  { authority, caller }: ChangeScope,
  before: StoredPeer | undefined,
  after: StoredPeer | undefined,
): void {
  if (dialled(before) === dialled(after)) return;
  if (authority.unbounded || hasScope(caller, DIAL_SCOPE)) return;
  throw forbidden(`Where a peer is dialled needs ${DIAL_SCOPE}`, `scope ${DIAL_SCOPE}`);
}

function dialled(peer: StoredPeer | undefined): string {
  return JSON.stringify([peer?.nodeId ?? null, peer?.addresses ?? []]);
}
