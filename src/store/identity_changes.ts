import {
  type GroupEntry,
  IdentityConflictError,
  type NewToken,
  type StoredPeer,
} from "@alknet/core";
import { parseList } from "./json_columns.ts";
import { deletePeer, readPeer, writePeer, type Writing } from "./peer_rows.ts";
import {
  deleteGroup,
  deleteToken,
  readToken,
  type StoredToken,
  writeGroup,
  writeToken,
} from "./token_rows.ts";

/** One transaction of `Identities.change`: reads see what the transaction itself has written. */
export class IdentityChanges {
  readonly #writing: Writing;

  /** Made by `Identities.change`. */
  constructor(writing: Writing) {
    this.#writing = writing;
  }

  /** A peer, or undefined. */
  peer(peerId: string): Promise<StoredPeer | undefined> {
    return readPeer(this.#writing.tx, peerId);
  }

  /** A token, or undefined. */
  token(name: string): Promise<StoredToken | undefined> {
    return readToken(this.#writing, name);
  }

  /** How many tokens an identity has made. */
  async countTokensOf(maker: string): Promise<number> {
    const { count } = await this.#writing.tx.selectFrom("tokens")
      .select(({ fn }) => fn.countAll<number | bigint | string>().as("count"))
      .where("created_by", "=", maker)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Scopes by the name of the group. */
  async groups(): Promise<ReadonlyMap<string, readonly string[]>> {
    const rows = await this.#writing.tx.selectFrom("groups").selectAll().execute();
    return new Map(rows.map(({ name, scopes }) => [name, parseList(scopes)]));
  }

  /** See {@linkcode IdentityStore.putPeer}. */
  putPeer(peer: StoredPeer): Promise<void> {
    return writePeer(this.#writing, peer);
  }

  /** See {@linkcode IdentityStore.removePeer}. */
  removePeer(peerId: string): Promise<void> {
    return deletePeer(this.#writing, peerId);
  }

  /**
   * Adds a token.
   *
   * @throws {IdentityConflictError} When its name or hash is taken.
   */
  async addToken(token: NewToken): Promise<void> {
    if (await this.token(token.name)) {
      throw new IdentityConflictError(`Cannot make token "${token.name}": there is one`);
    }
    await writeToken(this.#writing, token);
  }

  /** See {@linkcode IdentityStore.removeToken}. */
  removeToken(name: string): Promise<void> {
    return deleteToken(this.#writing, name);
  }

  /** See {@linkcode IdentityStore.putGroup}. */
  putGroup(group: GroupEntry): Promise<void> {
    return writeGroup(this.#writing, group);
  }

  /** See {@linkcode IdentityStore.removeGroup}. */
  removeGroup(name: string): Promise<void> {
    return deleteGroup(this.#writing, name);
  }
}
