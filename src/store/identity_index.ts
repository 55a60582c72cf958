import { hasScope, type Identity, OWNER_ID } from "@alknet/core";
import { hash as digest } from "node:crypto";
import { type Grants, GrantTable } from "./grants.ts";
import { ShardedMap } from "./sharded_map.ts";
import { hashBucket, prefixBucket, TokenTable } from "./token_table.ts";

/** A peer as memory holds it. */
export interface PeerRecord {
  readonly id: string;
  readonly grants: Grants;
  readonly enabled: boolean;
  /** As in the table `peer_keys`. */
  readonly keys: readonly string[];
  readonly tokenHash?: Uint8Array;
  readonly tokenExpiresAt: number;
}

/** A token that is an identity of its own, as memory holds it. */
export interface StandaloneToken {
  readonly name: string;
  readonly prefix: string;
  readonly hash: Uint8Array;
  readonly expiresAt: number;
  readonly scopes: readonly string[];
  /** Who made it; undefined where it stands by itself. */
  readonly createdBy?: string | undefined;
}

/** What a token led to: `token` names the row whose last use is to be noted. */
export interface TokenMatch {
  readonly identity: Identity;
  readonly token?: string;
}

type TokenOwner = PeerRecord | StandaloneToken;

/** Longest bearer token looked at, in characters. */
const MAX_TOKEN_CHARACTERS = 256;

/** Most makers above a token: one made by a token made by a token, and so on. */
const MAX_MAKERS = 8;
const TOKEN_PREFIX = "token:";

/** Finds an identity by its id among those kept outside the store. */
export type Elsewhere = (id: string) => Identity | undefined;

/** Marks SSH keys among the keys of peers. */
export const SSH_KEY_PREFIX = "ssh:";

/** Everything the reads of an identity provider need, by what they are asked with. */
export class IdentityIndex {
  /** Scopes of peers and groups. */
  readonly grants: GrantTable = new GrantTable();
  readonly #peers = new ShardedMap<PeerRecord>();
  readonly #keys = new ShardedMap<PeerRecord>();
  readonly #tokens = new Map<string, StandaloneToken>();
  readonly #secrets = new TokenTable<TokenOwner>();
  readonly #elsewhere: Elsewhere | undefined;

  /** @param elsewhere Finds makers of tokens that are not in the store. */
  constructor(elsewhere?: Elsewhere) {
    this.#elsewhere = elsewhere;
  }

  /** How many peers there are. */
  get size(): number {
    return this.#peers.size;
  }

  /** Puts peers in place of their earlier selves; undefined removes one. */
  setPeers(changed: Iterable<readonly [id: string, peer: PeerRecord | undefined]>): void {
    const all = [...changed];
    for (const [id] of all) this.#removePeer(id);
    for (const [id, peer] of all) if (peer) this.#addPeer(id, peer);
  }

  /** As {@linkcode IdentityIndex.setPeers}, for tokens by name. */
  setTokens(changed: Iterable<readonly [name: string, token: StandaloneToken | undefined]>): void {
    for (const [name, token] of changed) {
      const before = this.#tokens.get(name);
      if (before) this.#secrets.remove(prefixBucket(before.prefix), before);
      this.#tokens.delete(name);
      if (!token) continue;
      this.#tokens.set(name, token);
      const { hash, expiresAt } = token;
      this.#secrets.add(prefixBucket(token.prefix), { hash, expiresAt, owner: token });
    }
  }

  /** The enabled peer with a key. */
  fromKey(key: string): Identity | undefined {
    const peer = this.#keys.get(key);
    return peer?.enabled ? this.#identityOf(peer) : undefined;
  }

  /** Whether a key belongs to a peer that is switched off. */
  isDisabled(key: string): boolean {
    return this.#keys.get(key)?.enabled === false;
  }

  /** Whom a bearer token stands for. */
  fromToken(token: string, now: number): TokenMatch | undefined {
    if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const hash = digest("sha256", token, "buffer");
    const prefix = /^alk_([a-z0-9]{8})_/.exec(token)?.[1];
    const buckets = prefix ? [prefixBucket(prefix), hashBucket(hash)] : [hashBucket(hash)];
    const owner = this.#secrets.find(buckets, hash, now);
    if (!owner) return undefined;
    if ("id" in owner) return owner.enabled ? { identity: this.#identityOf(owner) } : undefined;
    const scopes = this.#standing(owner, now, MAX_MAKERS);
    const identity = scopes && { id: `token:${owner.name}`, scopes, resources: {} };
    return identity && { identity, token: owner.name };
  }

  /** The enabled peer, or the valid token, with an id. */
  withId(id: string, now: number): Identity | undefined {
    const peer = this.#peers.get(id);
    if (peer) return peer.enabled ? this.#identityOf(peer) : undefined;
    const token = this.#tokenWithId(id);
    if (!token || now >= token.expiresAt) return undefined;
    const scopes = this.#standing(token, now, MAX_MAKERS);
    return scopes && { id, scopes, resources: {} };
  }

  /** See `IdentityProvider.issueOf`. */
  issueOf(id: string): string | undefined {
    return this.#peers.get(id) ? undefined : this.#tokenWithId(id)?.hash.toHex();
  }

  #tokenWithId(id: string): StandaloneToken | undefined {
    if (!id.startsWith(TOKEN_PREFIX)) return undefined;
    return this.#tokens.get(id.slice(TOKEN_PREFIX.length));
  }

  /** What a token may do: never more than its maker may now, and nothing once that one is gone. */
  #standing(token: StandaloneToken, now: number, makers: number): readonly string[] | undefined {
    const { createdBy, scopes } = token;
    if (createdBy === undefined || createdBy === OWNER_ID) return scopes;
    const of = makers > 0 ? this.#scopesOfMaker(createdBy, now, makers - 1) : undefined;
    const maker = of && { id: createdBy, scopes: of, resources: {} };
    return maker && scopes.filter((scope) => hasScope(maker, scope));
  }

  #scopesOfMaker(id: string, now: number, makers: number): readonly string[] | undefined {
    const peer = this.#peers.get(id);
    if (peer) return peer.enabled ? this.grants.scopesOf(peer.grants) : undefined;
    const token = this.#tokenWithId(id);
    if (!token) return this.#elsewhere?.(id)?.scopes;
    return now < token.expiresAt ? this.#standing(token, now, makers) : undefined;
  }

  #identityOf({ id, grants }: PeerRecord): Identity {
    return { id, scopes: this.grants.scopesOf(grants), resources: grants.resources };
  }

  #addPeer(id: string, peer: PeerRecord): void {
    this.#peers.set(id, peer);
    for (const key of peer.keys) this.#keys.set(key, peer);
    const { tokenHash: hash, tokenExpiresAt: expiresAt } = peer;
    if (hash) this.#secrets.add(hashBucket(hash), { hash, expiresAt, owner: peer });
  }

  #removePeer(id: string): void {
    const peer = this.#peers.get(id);
    if (!peer) return;
    this.#peers.delete(id);
    for (const key of peer.keys) if (this.#keys.get(key) === peer) this.#keys.delete(key);
    if (peer.tokenHash) this.#secrets.remove(hashBucket(peer.tokenHash), peer);
  }
}
