import type { Transaction } from "kysely";
import type { Changes } from "./change_log.ts";
import type { Apply, MemoryIndex } from "./feed.ts";
import { type Elsewhere, IdentityIndex } from "./identity_index.ts";
import { readAllPeers, readGroups, readPeers, readTokens } from "./identity_rows.ts";
import type { Schema } from "./schema.ts";

/** Topics an identity depends on. */
export const IDENTITY_TOPICS = ["peers", "tokens", "groups"] as const;

/** Keeps an {@linkcode IdentityIndex} equal to the tables. */
export class IdentityMirror implements MemoryIndex {
  /** What to answer from, now. */
  current: IdentityIndex;
  readonly #elsewhere: Elsewhere | undefined;

  /** @param elsewhere Finds makers of tokens that are not in the store. */
  constructor(elsewhere?: Elsewhere) {
    this.#elsewhere = elsewhere;
    this.current = new IdentityIndex(elsewhere);
  }

  /** Builds another index beside the one in use, and swaps it in whole. */
  async load(tx: Transaction<Schema>): Promise<Apply> {
    const next = new IdentityIndex(this.#elsewhere);
    next.grants.groups = await readGroups(tx);
    for await (const peers of readAllPeers(tx, next.grants)) {
      next.setPeers(peers.map((peer) => [peer.id, peer]));
    }
    next.setTokens((await readTokens(tx)).map((token) => [token.name, token]));
    return () => {
      this.current = next;
    };
  }

  /** Changes the index in use, by what depends on the keys that changed. */
  async update(tx: Transaction<Schema>, changes: Changes): Promise<Apply> {
    const index = this.current;
    const peerIds = changes.get("peers") ?? [];
    const tokenNames = changes.get("tokens") ?? [];
    const groups = changes.has("groups") ? await readGroups(tx) : undefined;
    const peers = byKey(peerIds, await readPeers(tx, peerIds, index.grants), ({ id }) => id);
    const found = await readTokens(tx, tokenNames);
    const tokens = byKey(tokenNames, found, ({ name }) => name);
    return () => {
      if (groups) index.grants.groups = groups;
      index.setPeers(peers);
      index.setTokens(tokens);
    };
  }
}

/** Every key, with its row or, when the row is gone, undefined. */
function byKey<Row>(
  keys: Iterable<string>,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): Map<string, Row | undefined> {
  const map = new Map<string, Row | undefined>([...keys].map((key) => [key, undefined]));
  for (const row of rows) map.set(keyOf(row), row);
  return map;
}
