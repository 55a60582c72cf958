import { getLogger } from "@logtape/logtape";
import type { Selectable, Transaction } from "kysely";
import type { GrantTable } from "./grants.ts";
import type { PeerRecord, StandaloneToken } from "./identity_index.ts";
import { parseList } from "./json_columns.ts";
import { keyLists, pagesOf } from "./row_pages.ts";
import type { PeersTable, Schema, TokensTable } from "./schema.ts";
import { parseTokenHash } from "./token_table.ts";

/** What memory needs of a peer's row. */
type PeerRow = Pick<
  Selectable<PeersTable>,
  "peer_id" | "scopes" | "groups" | "resources" | "token_hash" | "token_expires_at" | "enabled"
>;

const PEER_COLUMNS = [
  "peer_id",
  "scopes",
  "groups",
  "resources",
  "token_hash",
  "token_expires_at",
  "enabled",
] as const;

const log = getLogger(["alknet", "store"]);

/** All peers, page by page. */
export async function* readAllPeers(
  tx: Transaction<Schema>,
  grants: GrantTable,
): AsyncGenerator<PeerRecord[]> {
  const pages = pagesOf<PeerRow>((after, limit) =>
    tx.selectFrom("peers").select(PEER_COLUMNS)
      .where("peer_id", ">", after?.peer_id ?? "")
      .orderBy("peer_id")
      .limit(limit)
      .execute()
  );
  for await (const rows of pages) yield await withKeys(tx, rows, grants);
}

/** The peers with these ids; those that are gone are missing. */
export async function readPeers(
  tx: Transaction<Schema>,
  ids: Iterable<string>,
  grants: GrantTable,
): Promise<PeerRecord[]> {
  const peers: PeerRecord[] = [];
  for (const list of keyLists(ids)) {
    const rows = await tx.selectFrom("peers").select(PEER_COLUMNS)
      .where("peer_id", "in", list)
      .execute();
    peers.push(...await withKeys(tx, rows, grants));
  }
  return peers;
}

/** Tokens: all of them, or those with these names. */
export async function readTokens(
  tx: Transaction<Schema>,
  names?: Iterable<string>,
): Promise<StandaloneToken[]> {
  const all = tx.selectFrom("tokens").selectAll();
  if (!names) return (await all.execute()).flatMap(tokenOf);
  const tokens: StandaloneToken[] = [];
  for (const list of keyLists(names)) {
    tokens.push(...(await all.where("name", "in", list).execute()).flatMap(tokenOf));
  }
  return tokens;
}

/** Scopes by the name of the group. */
export async function readGroups(
  tx: Transaction<Schema>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await tx.selectFrom("groups").selectAll().execute();
  return new Map(rows.map(({ name, scopes }) => [name, orNothing(name, () => parseList(scopes))]));
}

async function withKeys(
  tx: Transaction<Schema>,
  rows: readonly PeerRow[],
  grants: GrantTable,
): Promise<PeerRecord[]> {
  const keys = new Map<string, string[]>();
  for (const list of keyLists(rows.map((row) => row.peer_id))) {
    const found = await tx.selectFrom("peer_keys").select(["peer_id", "key"])
      .where("peer_id", "in", list)
      .execute();
    for (const row of found) {
      const own = keys.get(row.peer_id);
      if (own) own.push(row.key);
      else keys.set(row.peer_id, [row.key]);
    }
  }
  return rows.map((row) => peerOf(row, keys.get(row.peer_id) ?? [], grants));
}

function peerOf(row: PeerRow, keys: readonly string[], grants: GrantTable): PeerRecord {
  return {
    id: row.peer_id,
    grants: parseGrants(row, grants),
    enabled: row.enabled === 1,
    keys,
    tokenHash: parseTokenHash(row.token_hash ?? ""),
    tokenExpiresAt: row.token_expires_at ?? Infinity,
  };
}

/** A row that somebody else wrote and that cannot be read grants nothing. */
function parseGrants(row: PeerRow, grants: GrantTable): PeerRecord["grants"] {
  try {
    return grants.parse(row.scopes, row.groups, row.resources);
  } catch (error) {
    log.error("store.row.unreadable", { row: row.peer_id, error });
    return { own: [], groups: [], resources: {} };
  }
}

function tokenOf(row: Selectable<TokensTable>): StandaloneToken[] {
  const hash = parseTokenHash(row.hash);
  if (!hash) return [];
  const scopes = orNothing(row.name, () => parseList(row.scopes));
  const { name, prefix } = row;
  const createdBy = row.created_by ?? undefined;
  return [{ name, prefix, hash, scopes, expiresAt: row.expires_at ?? Infinity, createdBy }];
}

function orNothing(row: string, read: () => readonly string[]): readonly string[] {
  try {
    return read();
  } catch (error) {
    log.error("store.row.unreadable", { row, error });
    return [];
  }
}
