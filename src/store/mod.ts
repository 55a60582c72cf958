/**
 * Identities, tokens, credentials, ownership, invitations and the audit log in a database: read
 * from memory, without waiting; written durably; known to every process that shares the database
 * within milliseconds.
 *
 * A change's way through this package: `identities.ts` and its neighbours (what a change is) →
 * `backend.ts` (one transaction, with a row in `notifications`) → `sqlite/` or `postgres/` (commit,
 * wake) → `feed.ts` (reads what is new) → the indexes in memory, all in one turn.
 *
 * ```ts
 * import { createToken, hashToken } from "@alknet/core";
 * import { openStore } from "@alknet/store";
 * import { strictEqual } from "node:assert/strict";
 *
 * const directory = await Deno.makeTempDir();
 * {
 *   await using store = await openStore(`sqlite:${directory}/store.db`);
 *   const { token, prefix } = createToken();
 *   const hash = hashToken(token);
 *   await store.identities.putToken({ name: "ci", prefix, hash, scopes: ["git:read"] });
 *   strictEqual(store.identities.fromToken(token)?.id, "token:ci");
 *   await store.identities.removeToken("ci");
 *   strictEqual(store.identities.fromToken(token), undefined);
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */
export {
  Audit,
  type AuditEntry,
  type AuditEvent,
  type AuditQuery,
  type AuditRetention,
  MAX_WAITING_EVENTS,
} from "./audit.ts";
export {
  type Backend,
  type BackendKind,
  type BackendOptions,
  type BackendStats,
  type CheckReport,
  type Database,
  type DatabaseTransaction,
  DEFAULT_LOCK_TIMEOUT_MS,
  DEFAULT_POLL_MS,
  type Migration,
  type Migrations,
  type Topic,
  type Touch,
} from "./backend.ts";
export { Credentials } from "./credentials.ts";
export {
  IdentityConflictError,
  type InviteRefusal,
  InviteRefusedError,
  StoreBackendError,
  StoreCopyError,
  type StoreFault,
  StoreNotFoundError,
  StoreSerializationError,
  StoreUrlError,
} from "./errors.ts";
export { Identities } from "./identities.ts";
export { IdentityChanges } from "./identity_changes.ts";
export type { Elsewhere } from "./identity_index.ts";
export { type Enrolment, type Invite, type InviteOptions, Invites } from "./invites.ts";
export { type CopyReport, migrateStore } from "./migrate_store.ts";
export { Ownership } from "./ownership.ts";
export { restoreStore } from "./restore_store.ts";
export { Settings } from "./settings.ts";
export { openBackend, openStore, Store, type StoreOptions, type StoreStats } from "./store.ts";
export type { StoredToken } from "./token_rows.ts";
