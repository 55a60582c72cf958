// deno-lint-ignore-file camelcase -- columns are called what SQL calls them
import type { Generated } from "kysely";

/**
 * The tables, the same in both dialects. Times are milliseconds since 1970, flags 0 or 1, lists and
 * maps JSON text; a backend reads 64-bit integers as numbers and bytes as `Uint8Array`s.
 */
export interface Schema {
  readonly peers: PeersTable;
  readonly peer_keys: PeerKeysTable;
  readonly tokens: TokensTable;
  readonly groups: GroupsTable;
  readonly credentials: CredentialsTable;
  readonly ownership: OwnershipTable;
  readonly invites: InvitesTable;
  readonly audit: AuditTable;
  readonly settings: SettingsTable;
  readonly notifications: NotificationsTable;
}

/** Peers without their keys. */
export interface PeersTable {
  /** Primary key. */
  readonly peer_id: string;
  readonly display_name: string | null;
  readonly node_id: string | null;
  /** JSON array of `host:port`. */
  readonly addresses: string;
  /** JSON array. */
  readonly scopes: string;
  /** JSON array of names of groups. */
  readonly groups: string;
  /** JSON object of arrays. */
  readonly resources: string;
  /** Unique. */
  readonly token_hash: string | null;
  readonly token_expires_at: number | null;
  readonly enabled: number;
  readonly created_at: number;
  readonly updated_at: number;
}

/** Keys of peers: a key belongs to one peer, which the primary key enforces. */
export interface PeerKeysTable {
  /** Primary key: a fingerprint, or `ssh:` and the base64 of an SSH public key. */
  readonly key: string;
  /** References `peers`, deleted with the peer. */
  readonly peer_id: string;
  /** Place in the peer's list. */
  readonly position: number;
}

/** Bearer tokens that are identities of their own. */
export interface TokensTable {
  /** Primary key. */
  readonly name: string;
  readonly prefix: string;
  /** Unique. */
  readonly hash: string;
  /** JSON array. */
  readonly scopes: string;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly created_at: number;
  /** Id of the identity that made it; null where it stands by itself. */
  readonly created_by: string | null;
}

/** Named sets of scopes. */
export interface GroupsTable {
  /** Primary key. */
  readonly name: string;
  /** JSON array. */
  readonly scopes: string;
}

/** Secrets as the vault encrypted them. */
export interface CredentialsTable {
  /** Primary key. */
  readonly provider: string;
  readonly key_version: number;
  readonly salt: Uint8Array;
  readonly iv: Uint8Array;
  readonly data: Uint8Array;
  readonly updated_at: number;
}

/** Who owns which resource. Primary key: type and id. */
export interface OwnershipTable {
  readonly resource_type: string;
  readonly resource_id: string;
  /** Id of an identity: a peer, `token:<name>` or `owner`. */
  readonly owner_id: string;
}

/** One-time invitations. */
export interface InvitesTable {
  /** Primary key; public. */
  readonly id: string;
  /** Unique; SHA-256 of the secret. */
  readonly hash: string;
  /** JSON array. */
  readonly scopes: string;
  /** JSON array of names of groups. */
  readonly groups: string;
  readonly note: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  readonly used_at: number | null;
  /** The peer that used it. */
  readonly used_by: string | null;
}

/** Security events; rows are never changed, only dropped by age. */
export interface AuditTable {
  readonly id: Generated<number>;
  readonly at: number;
  readonly kind: string;
  readonly peer: string | null;
  readonly fingerprint: string | null;
  readonly remote: string | null;
  readonly detail: string | null;
}

/** Named values of the node or of handlers. */
export interface SettingsTable {
  /** Primary key. */
  readonly name: string;
  readonly value: string;
}

/**
 * What changed, in the order of commits: one row for each key that a transaction touched. Old rows
 * are dropped, the last one never; a reader that does not find the row it read last (dropped, or
 * another database) reads everything anew.
 */
export interface NotificationsTable {
  readonly id: Generated<number>;
  readonly topic: string;
  readonly key: string;
  readonly created_at: number;
}

/** Names of all tables. */
export type TableName = keyof Schema;
