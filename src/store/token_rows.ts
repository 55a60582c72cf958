import { type GroupEntry, type NewToken, StoreNotFoundError } from "@alknet/core";
import type { Selectable } from "kysely";
import { checkScopes, checkShape, checkText, checkTime } from "./checks.ts";
import { IdentityConflictError } from "./errors.ts";
import { listText, parseList } from "./json_columns.ts";
import type { Writing } from "./peer_rows.ts";
import type { TokensTable } from "./schema.ts";

/** A token as a store keeps it. */
export interface StoredToken extends NewToken {
  /** When it was last shown, to the minute; undefined for never. */
  readonly lastUsedAt?: Date;
  /** When it was added. */
  readonly createdAt: Date;
}

/** Adds a token or replaces the one with its name. */
export async function writeToken({ tx, touch, now }: Writing, token: NewToken): Promise<void> {
  const row: Omit<Selectable<TokensTable>, "last_used_at" | "created_at"> = {
    name: checkText("a token's name", token.name),
    prefix: checkShape("a token's prefix", token.prefix, /^[a-z0-9]{8}$/),
    hash: checkShape("a token's hash", token.hash, /^sha256:[0-9a-f]{64}$/),
    scopes: listText(checkScopes(token.scopes)),
    // deno-lint-ignore camelcase -- a column
    expires_at: token.expiresAt ? checkTime("a token's end of validity", token.expiresAt) : null,
    // deno-lint-ignore camelcase -- a column
    created_by: token.createdBy ? checkText("a token's maker", token.createdBy) : null,
  };
  const taken = await tx.selectFrom("tokens").select("name")
    .where("hash", "=", row.hash)
    .where("name", "!=", row.name)
    .executeTakeFirst();
  if (taken) throw new IdentityConflictError(`Cannot use the token called "${taken.name}" twice`);
  await tx.insertInto("tokens").values({ ...row, last_used_at: null, created_at: now })
    .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
    .execute();
  touch("tokens", row.name);
}

/** One token, or undefined. */
export async function readToken(
  { tx }: Pick<Writing, "tx">,
  name: string,
): Promise<StoredToken | undefined> {
  const row = await tx.selectFrom("tokens").selectAll().where("name", "=", name)
    .executeTakeFirst();
  return row && tokenOf(row);
}

/**
 * Removes a token, and those that were made with it.
 *
 * @throws {StoreNotFoundError} When there is none.
 */
export async function deleteToken(writing: Writing, name: string): Promise<void> {
  const { numDeletedRows } = await writing.tx.deleteFrom("tokens").where("name", "=", name)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw new StoreNotFoundError("token", name);
  writing.touch("tokens", name);
  await deleteTokensOf(writing, `token:${name}`);
}

/** Removes the tokens that an identity made: whoever has its name next has no part in them. */
export async function deleteTokensOf(writing: Writing, maker: string): Promise<void> {
  const made = await writing.tx.deleteFrom("tokens").where("created_by", "=", maker)
    .returning("name").execute();
  for (const { name } of made) {
    writing.touch("tokens", name);
    await deleteTokensOf(writing, `token:${name}`);
  }
}

/** Adds a group or replaces the one with its name. */
export async function writeGroup({ tx, touch }: Writing, group: GroupEntry): Promise<void> {
  const name = checkText("a group's name", group.name);
  const scopes = listText(checkScopes(group.scopes));
  await tx.insertInto("groups").values({ name, scopes })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ scopes }))
    .execute();
  touch("groups", name);
}

/**
 * Removes a group.
 *
 * @throws {StoreNotFoundError} When there is none.
 */
export async function deleteGroup({ tx, touch }: Writing, name: string): Promise<void> {
  const { numDeletedRows } = await tx.deleteFrom("groups").where("name", "=", name)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw new StoreNotFoundError("group", name);
  touch("groups", name);
}

/** Reads a row of `tokens`. */
export function tokenOf(row: Selectable<TokensTable>): StoredToken {
  return {
    name: row.name,
    prefix: row.prefix,
    hash: row.hash,
    scopes: parseList(row.scopes),
    expiresAt: dateOf(row.expires_at),
    lastUsedAt: dateOf(row.last_used_at),
    createdAt: new Date(row.created_at),
    createdBy: row.created_by ?? undefined,
  };
}

function dateOf(time: number | null): Date | undefined {
  return time === null ? undefined : new Date(time);
}
