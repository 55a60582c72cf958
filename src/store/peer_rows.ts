import { type StoredPeer, StoreNotFoundError } from "@alknet/core";
import type { Selectable, Transaction } from "kysely";
import type { Touch } from "./backend.ts";
import { checkScopes, checkShape, checkText, checkTexts, checkTime } from "./checks.ts";
import { IdentityConflictError, StoreSerializationError } from "./errors.ts";
import { SSH_KEY_PREFIX } from "./identity_index.ts";
import { listText, parseList, parseResources, resourcesText } from "./json_columns.ts";
import { keyLists } from "./row_pages.ts";
import type { PeersTable, Schema } from "./schema.ts";
import { deleteTokensOf } from "./token_rows.ts";

/** A transaction that changes something. */
export interface Writing {
  readonly tx: Transaction<Schema>;
  readonly touch: Touch;
  /** The time, for all rows of the transaction. */
  readonly now: number;
}

const FINGERPRINT = /^(ed25519|SHA256):[0-9a-f]{64}$/;
const SSH_KEY = /^[A-Za-z0-9+/]{16,11000}={0,2}$/;
const TOKEN_HASH = /^sha256:[0-9a-f]{64}$/;
/** Ids of identities that are not peers, see {@linkcode Identity} of the core. */
const RESERVED_ID = /^(owner$|token:)/;

/** Adds a peer or replaces the one with its id. */
export async function writePeer(writing: Writing, peer: StoredPeer): Promise<void> {
  const { tx, touch, now } = writing;
  const row = peerRow(peer, now);
  const keys = keysOf(peer);
  await refuseTakenKeys(tx, peer.peerId, keys);
  await refuseTakenToken(tx, peer.peerId, row.token_hash);
  const { created_at: _, ...changes } = row;
  await tx.insertInto("peers").values(row)
    .onConflict((conflict) => conflict.column("peer_id").doUpdateSet(changes))
    .execute();
  await tx.deleteFrom("peer_keys").where("peer_id", "=", peer.peerId).execute();
  if (keys.length > 0) {
    const values = keys.map((key, position) => ({ key, peer_id: peer.peerId, position }));
    await tx.insertInto("peer_keys").values(values).execute();
  }
  touch("peers", peer.peerId);
}

/**
 * Removes a peer, and the tokens it made.
 *
 * @throws {StoreNotFoundError} When there is none.
 */
export async function deletePeer(writing: Writing, peerId: string): Promise<void> {
  const { tx, touch } = writing;
  const { numDeletedRows } = await tx.deleteFrom("peers").where("peer_id", "=", peerId)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw new StoreNotFoundError("peer", peerId);
  touch("peers", peerId);
  await deleteTokensOf(writing, peerId);
}

/** Whole peers, from some of their rows. */
export async function completePeers(
  tx: Transaction<Schema>,
  rows: readonly Selectable<PeersTable>[],
): Promise<StoredPeer[]> {
  const keys = new Map<string, string[]>(rows.map((row) => [row.peer_id, []]));
  for (const list of keyLists(keys.keys())) {
    const found = await tx.selectFrom("peer_keys").selectAll()
      .where("peer_id", "in", list)
      .orderBy("position")
      .execute();
    for (const { peer_id: id, key } of found) keys.get(id)?.push(key);
  }
  return rows.map((row) => peerOf(row, keys.get(row.peer_id) ?? []));
}

/** One whole peer, or undefined. */
export async function readPeer(
  tx: Transaction<Schema>,
  peerId: string,
): Promise<StoredPeer | undefined> {
  const rows = await tx.selectFrom("peers").selectAll().where("peer_id", "=", peerId).execute();
  return (await completePeers(tx, rows))[0];
}

function peerRow(peer: StoredPeer, now: number): Selectable<PeersTable> {
  const id = checkText("a peer id", peer.peerId);
  if (RESERVED_ID.test(id)) throw new StoreSerializationError(`Cannot call a peer "${id}"`);
  return {
    peer_id: id,
    display_name: peer.displayName ? checkText("a display name", peer.displayName) : null,
    node_id: peer.nodeId ? checkText("a node id", peer.nodeId) : null,
    addresses: listText(checkTexts("addresses", peer.addresses ?? [])),
    scopes: listText(checkScopes(peer.scopes)),
    groups: listText(checkTexts("groups", peer.groups ?? [])),
    resources: resourcesText(checkResources(peer.resources)),
    token_hash: peer.authTokenHash
      ? checkShape("a token's hash", peer.authTokenHash, TOKEN_HASH)
      : null,
    token_expires_at: peer.tokenExpiresAt
      ? checkTime("a token's end of validity", peer.tokenExpiresAt)
      : null,
    enabled: peer.enabled ? 1 : 0,
    created_at: now,
    updated_at: now,
  };
}

function checkResources(resources: StoredPeer["resources"]): StoredPeer["resources"] {
  checkTexts("types of resources", Object.keys(resources));
  for (const names of Object.values(resources)) checkTexts("names of resources", names);
  return resources;
}

function keysOf({ fingerprints, sshKeys }: StoredPeer): string[] {
  for (const each of fingerprints) checkShape("a fingerprint", each, FINGERPRINT);
  for (const each of sshKeys) checkShape("an SSH key", each, SSH_KEY);
  return [...new Set([...fingerprints, ...sshKeys.map((key) => `${SSH_KEY_PREFIX}${key}`)])];
}

async function refuseTakenKeys(
  tx: Transaction<Schema>,
  peerId: string,
  keys: readonly string[],
): Promise<void> {
  for (const list of keyLists(keys)) {
    const taken = await tx.selectFrom("peer_keys").selectAll()
      .where("key", "in", list)
      .where("peer_id", "!=", peerId)
      .executeTakeFirst();
    if (!taken) continue;
    throw new IdentityConflictError(`Cannot list key "${taken.key}": "${taken.peer_id}" has it`);
  }
}

async function refuseTakenToken(
  tx: Transaction<Schema>,
  peerId: string,
  hash: string | null,
): Promise<void> {
  if (hash === null) return;
  const taken = await tx.selectFrom("peers").select("peer_id")
    .where("token_hash", "=", hash)
    .where("peer_id", "!=", peerId)
    .executeTakeFirst();
  if (taken) throw new IdentityConflictError(`Cannot use the token of peer "${taken.peer_id}"`);
}

function peerOf(row: Selectable<PeersTable>, keys: readonly string[]): StoredPeer {
  const isSsh = (key: string): boolean => key.startsWith(SSH_KEY_PREFIX);
  return {
    peerId: row.peer_id,
    displayName: row.display_name ?? undefined,
    nodeId: row.node_id ?? undefined,
    addresses: parseList(row.addresses),
    fingerprints: keys.filter((key) => !isSsh(key)),
    sshKeys: keys.filter(isSsh).map((key) => key.slice(SSH_KEY_PREFIX.length)),
    authTokenHash: row.token_hash ?? undefined,
    tokenExpiresAt: row.token_expires_at === null ? undefined : new Date(row.token_expires_at),
    scopes: parseList(row.scopes),
    groups: parseList(row.groups),
    resources: parseResources(row.resources),
    enabled: row.enabled === 1,
  };
}
