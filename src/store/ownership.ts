import type { Identity, OwnershipStore } from "@alknet/core";
import type { Transaction } from "kysely";
import type { Changes } from "./change_log.ts";
import { checkText } from "./checks.ts";
import type { Apply, MemoryIndex } from "./feed.ts";
import { pagesOf } from "./row_pages.ts";
import type { OwnershipTable, Schema } from "./schema.ts";
import type { StoreContext } from "./store_context.ts";

/** A resource as the log of changes names it. */
type ResourceKey = string;

/** Who owns what, both ways round. */
class OwnershipIndex {
  readonly #owners = new Map<ResourceKey, string>();
  readonly #owned = new Map<string, Map<string, Set<string>>>();

  ownerOf(type: string, id: string): string | undefined {
    return this.#owners.get(keyOf(type, id));
  }

  ownsAnything(owner: string): boolean {
    return this.#owned.has(owner);
  }

  ownedBy(owner: string, type: string): ReadonlySet<string> | undefined {
    return this.#owned.get(owner)?.get(type);
  }

  set(type: string, id: string, owner: string | undefined): void {
    const key = keyOf(type, id);
    const before = this.#owners.get(key);
    if (before !== undefined) this.#forget(before, type, id);
    this.#owners.delete(key);
    if (owner === undefined) return;
    this.#owners.set(key, owner);
    const types = this.#owned.get(owner) ?? new Map<string, Set<string>>();
    this.#owned.set(owner, types.set(type, (types.get(type) ?? new Set()).add(id)));
  }

  #forget(owner: string, type: string, id: string): void {
    const types = this.#owned.get(owner);
    const ids = types?.get(type);
    ids?.delete(id);
    if (ids?.size === 0) types?.delete(type);
    if (types?.size === 0) this.#owned.delete(owner);
  }
}

/** Keeps ownership in memory equal to its table. */
export class OwnershipMirror implements MemoryIndex {
  /** What to answer from, now. */
  current: OwnershipIndex = new OwnershipIndex();

  /** Reads all, page by page. */
  async load(tx: Transaction<Schema>): Promise<Apply> {
    const next = new OwnershipIndex();
    const pages = pagesOf<OwnershipTable>((after, limit) => pageOf(tx, after, limit));
    for await (const rows of pages) {
      for (const row of rows) next.set(row.resource_type, row.resource_id, row.owner_id);
    }
    return () => {
      this.current = next;
    };
  }

  /** Reads the resources that changed. */
  async update(tx: Transaction<Schema>, changes: Changes): Promise<Apply> {
    const changed: [type: string, id: string, owner: string | undefined][] = [];
    for (const key of changes.get("ownership") ?? []) {
      const [type = "", id = ""] = key.split("\n");
      const row = await tx.selectFrom("ownership").select("owner_id")
        .where("resource_type", "=", type)
        .where("resource_id", "=", id)
        .executeTakeFirst();
      changed.push([type, id, row?.owner_id]);
    }
    return () => {
      for (const [type, id, owner] of changed) this.current.set(type, id, owner);
    };
  }
}

/** Who owns which resource. */
export class Ownership implements OwnershipStore {
  readonly #context: StoreContext;
  readonly #mirror: OwnershipMirror;

  /** Made by `openStore`. */
  constructor(context: StoreContext, mirror: OwnershipMirror) {
    this.#context = context;
    this.#mirror = mirror;
  }

  /** See {@linkcode OwnershipProvider.owns}. */
  owns(identity: Identity, type: string, id: string): boolean {
    return this.#mirror.current.ownerOf(type, id) === identity.id;
  }

  /** See {@linkcode OwnershipProvider.ownedResources}. */
  ownedResources(identity: Identity, type: string): readonly string[] {
    return [...this.#mirror.current.ownedBy(identity.id, type) ?? []].sort();
  }

  /** See {@linkcode OwnershipProvider.ownsAny}. */
  ownsAny(identity: Identity, type: string): boolean {
    return this.#mirror.current.ownedBy(identity.id, type) !== undefined;
  }

  /** Whether anything at all, of whatever type, belongs to an identity with this id. */
  ownsAnything(id: string): boolean {
    return this.#mirror.current.ownsAnything(id);
  }

  /** See {@linkcode OwnershipStore.record}. */
  record(owner: string, type: string, id: string): Promise<void> {
    return this.#context.change(async ({ tx, touch }) => {
      const row = rowOf(owner, type, id);
      await tx.insertInto("ownership").values(row)
        .onConflict((conflict) =>
          conflict.columns(["resource_type", "resource_id"]).doUpdateSet(row)
        )
        .execute();
      touch("ownership", keyOf(type, id));
    });
  }

  /** See {@linkcode OwnershipStore.revoke}. */
  revoke(type: string, id: string): Promise<void> {
    return this.#context.change(async ({ tx, touch }) => {
      const { numDeletedRows } = await tx.deleteFrom("ownership")
        .where("resource_type", "=", type)
        .where("resource_id", "=", id)
        .executeTakeFirstOrThrow();
      if (numDeletedRows > 0n) touch("ownership", keyOf(type, id));
    });
  }
}

function rowOf(owner: string, type: string, id: string): OwnershipTable {
  return {
    resource_type: checkText("a type of resources", type),
    resource_id: checkText("a resource's id", id),
    owner_id: checkText("an owner's id", owner),
  };
}

/** Neither part can contain a line feed. */
function keyOf(type: string, id: string): ResourceKey {
  return `${type}\n${id}`;
}

function pageOf(
  tx: Transaction<Schema>,
  after: OwnershipTable | undefined,
  limit: number,
): Promise<OwnershipTable[]> {
  return tx.selectFrom("ownership").selectAll()
    .where(({ eb, refTuple, tuple }) =>
      after
        ? eb(
          refTuple("resource_type", "resource_id"),
          ">",
          tuple(after.resource_type, after.resource_id),
        )
        : eb.lit(true)
    )
    .orderBy("resource_type")
    .orderBy("resource_id")
    .limit(limit)
    .execute();
}
