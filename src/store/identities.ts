import {
  type GroupEntry,
  type Identity,
  type IdentityStore,
  type NewToken,
  OWNER_ID,
  type StoredPeer,
  StoreNotFoundError,
} from "@alknet/core";
import { IdentityChanges } from "./identity_changes.ts";
import { SSH_KEY_PREFIX } from "./identity_index.ts";
import { IDENTITY_TOPICS, type IdentityMirror } from "./identity_mirror.ts";
import { parseList } from "./json_columns.ts";
import { LastUse } from "./last_use.ts";
import { completePeers, deletePeer, readPeer, writePeer, type Writing } from "./peer_rows.ts";
import { pagesOf } from "./row_pages.ts";
import type { StoreContext } from "./store_context.ts";
import {
  deleteGroup,
  deleteToken,
  type StoredToken,
  tokenOf,
  writeGroup,
  writeToken,
} from "./token_rows.ts";

/** The id of the identity that the node's own key has. */
const OWNER: Identity = { id: OWNER_ID, scopes: ["*"], resources: {} };

/** Peers, tokens and groups of a store. Reads for connections come from memory. */
export class Identities implements IdentityStore, AsyncDisposable {
  readonly #context: StoreContext;
  readonly #mirror: IdentityMirror;
  readonly #owner: string | undefined;
  readonly #lastUse: LastUse;

  /** Made by `openStore`. */
  constructor(context: StoreContext, mirror: IdentityMirror, owner: string | undefined) {
    this.#context = context;
    this.#mirror = mirror;
    this.#owner = owner;
    this.#lastUse = new LastUse(context.backend);
    context.onChange(["tokens"], () => this.#lastUse.forget());
  }

  /** How many peers memory holds. */
  get size(): number {
    return this.#mirror.current.size;
  }

  /** See {@linkcode IdentityProvider.fromFingerprint}. */
  fromFingerprint(fingerprint: string): Identity | undefined {
    if (fingerprint === this.#owner) return OWNER;
    if (fingerprint.startsWith(SSH_KEY_PREFIX)) return undefined;
    return this.#mirror.current.fromKey(fingerprint);
  }

  /** See {@linkcode IdentityProvider.isDisabled}. */
  isDisabled(fingerprint: string): boolean {
    return fingerprint !== this.#owner && this.#mirror.current.isDisabled(fingerprint);
  }

  /** See {@linkcode IdentityProvider.fromToken}. */
  fromToken(token: string): Identity | undefined {
    const now = this.#context.now();
    const match = this.#mirror.current.fromToken(token, now);
    if (match?.token !== undefined) this.#lastUse.note(match.token, now);
    return match?.identity;
  }

  /** See {@linkcode IdentityProvider.fromSshKey}. */
  fromSshKey(blob: Uint8Array): Identity | undefined {
    return this.#mirror.current.fromKey(`${SSH_KEY_PREFIX}${blob.toBase64()}`);
  }

  /** See {@linkcode IdentityProvider.withId}. */
  withId(id: string): Identity | undefined {
    if (id === OWNER_ID) return this.#owner === undefined ? undefined : OWNER;
    return this.#mirror.current.withId(id, this.#context.now());
  }

  /** See {@linkcode IdentityProvider.issueOf}. */
  issueOf(id: string): string | undefined {
    return this.#mirror.current.issueOf(id);
  }

  /** See {@linkcode IdentityProvider.onChange}. */
  onChange(listener: () => void): () => void {
    return this.#context.onChange(IDENTITY_TOPICS, listener);
  }

  /** One peer as the database has it, or undefined. */
  peer(peerId: string): Promise<StoredPeer | undefined> {
    return this.#context.backend.snapshot((tx) => readPeer(tx, peerId));
  }

  /**
   * All peers by id, read in pages: a change meanwhile may or may not show.
   *
   * @param from Only those behind this id. Default: all.
   */
  async *peers(from = ""): AsyncGenerator<StoredPeer> {
    const { backend } = this.#context;
    const pages = pagesOf<StoredPeer>((after, limit) =>
      backend.snapshot(async (tx) => {
        const rows = await tx.selectFrom("peers").selectAll()
          .where("peer_id", ">", after?.peerId ?? from)
          .orderBy("peer_id")
          .limit(limit)
          .execute();
        return await completePeers(tx, rows);
      })
    );
    for await (const page of pages) yield* page;
  }

  /** All tokens by name. */
  async tokens(): Promise<StoredToken[]> {
    await this.#lastUse.flush();
    const rows = await this.#context.backend.db.selectFrom("tokens").selectAll().orderBy("name")
      .execute();
    return rows.map(tokenOf);
  }

  /** All groups by name. */
  async groups(): Promise<GroupEntry[]> {
    const rows = await this.#context.backend.db.selectFrom("groups").selectAll().orderBy("name")
      .execute();
    return rows.map(({ name, scopes }) => ({ name, scopes: parseList(scopes) }));
  }

  /**
   * Reads and writes in one transaction: what is decided by what was read still holds when it is
   * written, whoever else writes. Nothing is written when `work` throws; it may be run again from
   * its start, so it must do nothing else.
   */
  change<T>(work: (changes: IdentityChanges) => Promise<T>): Promise<T> {
    return this.#context.change((writing) => work(new IdentityChanges(writing)));
  }

  /** See {@linkcode IdentityStore.putPeer}. */
  putPeer(peer: StoredPeer): Promise<void> {
    return this.#context.change((writing) => writePeer(writing, peer));
  }

  /** As {@linkcode Identities.putPeer} for many: all of them or none. */
  putPeers(peers: readonly StoredPeer[]): Promise<void> {
    return this.#context.change(async (writing) => {
      for (const peer of peers) await writePeer(writing, peer);
    });
  }

  /** See {@linkcode IdentityStore.updatePeer}. */
  updatePeer(peerId: string, change: Partial<Omit<StoredPeer, "peerId">>): Promise<void> {
    return this.#context.change((writing) =>
      changePeer(writing, peerId, (peer) => ({ ...peer, ...change, peerId }))
    );
  }

  /** See {@linkcode IdentityStore.removePeer}. */
  removePeer(peerId: string): Promise<void> {
    return this.#context.change((writing) => deletePeer(writing, peerId));
  }

  /** See {@linkcode IdentityStore.addFingerprint}. */
  addFingerprint(peerId: string, fingerprint: string): Promise<void> {
    return this.#context.change((writing) =>
      changePeer(writing, peerId, (peer) => ({
        ...peer,
        fingerprints: [...peer.fingerprints, fingerprint],
      }))
    );
  }

  /** See {@linkcode IdentityStore.removeFingerprint}. */
  removeFingerprint(peerId: string, fingerprint: string): Promise<void> {
    return this.#context.change((writing) =>
      changePeer(writing, peerId, (peer) => {
        const fingerprints = peer.fingerprints.filter((each) => each !== fingerprint);
        if (fingerprints.length < peer.fingerprints.length) return { ...peer, fingerprints };
        throw new StoreNotFoundError("fingerprint", fingerprint);
      })
    );
  }

  /** See {@linkcode IdentityStore.putToken}. */
  putToken(token: NewToken): Promise<void> {
    return this.#context.change((writing) => writeToken(writing, token));
  }

  /** See {@linkcode IdentityStore.removeToken}. */
  removeToken(name: string): Promise<void> {
    return this.#context.change((writing) => deleteToken(writing, name));
  }

  /** See {@linkcode IdentityStore.putGroup}. */
  putGroup(group: GroupEntry): Promise<void> {
    return this.#context.change((writing) => writeGroup(writing, group));
  }

  /** See {@linkcode IdentityStore.removeGroup}. */
  removeGroup(name: string): Promise<void> {
    return this.#context.change((writing) => deleteGroup(writing, name));
  }

  /** Writes what is known of last uses. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#lastUse[Symbol.asyncDispose]();
  }
}

async function changePeer(
  writing: Writing,
  peerId: string,
  change: (peer: StoredPeer) => StoredPeer,
): Promise<void> {
  const peer = await readPeer(writing.tx, peerId);
  if (!peer) throw new StoreNotFoundError("peer", peerId);
  await writePeer(writing, change(peer));
}
