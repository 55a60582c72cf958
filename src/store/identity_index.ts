import type { Identity } from "@alknet/core";
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
}

/** What a token led to: `token` names the row whose last use is to be noted. */
export interface TokenMatch {
  readonly identity: Identity;
  readonly token?: string;
}

type TokenOwner = PeerRecord | StandaloneToken;

/** Longest bearer token looked at, in characters. */
const MAX_TOKEN_CHARACTERS = 256;

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

  /** The enabled peer of an id. */
  byId(peerId: string): Identity | undefined {
    const peer = this.#peers.get(peerId);
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
    const identity = { id: `token:${owner.name}`, scopes: owner.scopes, resources: {} };
    return { identity, token: owner.name };
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
