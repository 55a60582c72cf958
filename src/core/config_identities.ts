import { createHash, timingSafeEqual } from "node:crypto";
import type { Identity, IdentityProvider } from "./identity.ts";

/** A peer as configuration lists it. */
export interface PeerEntry {
  /** The logical, stable peer id. */
  readonly peerId: string;
  /** Keys and certificates, `ed25519:<hex>` or `SHA256:<hex>`. */
  readonly fingerprints: readonly string[];
  /** SSH public keys as base64 of their wire form (RFC 4253 section 6.6). */
  readonly sshKeys: readonly string[];
  /** Hash of a bearer token, see {@linkcode hashToken}. Default: none. */
  readonly authTokenHash?: string;
  /** What the peer may do. */
  readonly scopes: readonly string[];
  /** Resources by type. */
  readonly resources: Readonly<Record<string, readonly string[]>>;
  /** A name for people. Default: the peer id. */
  readonly displayName?: string;
  /** Whether it may connect at all. */
  readonly enabled: boolean;
}

/** A bearer token that is an identity of its own. */
export interface TokenEntry {
  /** What the token is called; also its identity's id, after `token:`. */
  readonly name: string;
  /** The public part of the token: `alk_<prefix>_…`. */
  readonly prefix: string;
  /** Hash of the whole token, see {@linkcode hashToken}. */
  readonly hash: string;
  /** What it may do. */
  readonly scopes: readonly string[];
  /** End of validity. Default: never. */
  readonly expiresAt?: Date;
}

/** Everything {@linkcode ConfigIdentities} answers from. */
export interface IdentityEntries {
  /** The peers. */
  readonly peers: readonly PeerEntry[];
  /** The tokens. */
  readonly tokens: readonly TokenEntry[];
  /** Fingerprint of the node's own key: whoever holds it owns the node. Default: nobody. */
  readonly owner?: string;
}

/** Thrown when entries contradict each other; nothing changes then. */
export class IdentityConflictError extends TypeError {
  /** The class's name. */
  override readonly name = "IdentityConflictError";
  /** Who has to act. */
  readonly blame = "user";
}

/** Longest bearer token looked at, in characters. */
const MAX_TOKEN_CHARACTERS = 256;
const PREFIX_CHARACTERS = 8;
const SECRET_CHARACTERS = 32;
const ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769";

/** The id of the identity that the node's own key has. */
export const OWNER_ID = "owner";

/** An identity provider over entries that are replaced as a whole. */
export class ConfigIdentities implements IdentityProvider {
  #index: Index;
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;

  /**
   * Answers from the entries until they are replaced.
   *
   * @param entries What to answer from.
   * @param now Clock in milliseconds, for token expiry. Default: `Date.now`.
   * @throws {IdentityConflictError} When a peer id, key or token name stands twice.
   */
  constructor(entries: IdentityEntries, now: () => number = Date.now) {
    this.#index = indexOf(entries);
    this.#now = now;
  }

  /**
   * Swaps all entries at once and tells everybody who listens.
   *
   * @throws {IdentityConflictError} As the constructor; the old entries stay then.
   */
  replace(entries: IdentityEntries): void {
    this.#index = indexOf(entries);
    for (const listener of this.#listeners) listener();
  }

  /** See {@linkcode IdentityProvider.withId}. */
  withId(id: string): Identity | undefined {
    const found = this.#index.ids.get(id);
    return found && this.#now() < found.expiresAt ? found.identity : undefined;
  }

  /** See {@linkcode IdentityProvider.issueOf}. */
  issueOf(id: string): string | undefined {
    return this.#index.ids.get(id)?.hash?.toHex();
  }

  /** See {@linkcode IdentityProvider.fromFingerprint}. */
  fromFingerprint(fingerprint: string): Identity | undefined {
    return this.#index.fingerprints.get(fingerprint);
  }

  /** See {@linkcode IdentityProvider.isDisabled}. */
  isDisabled(fingerprint: string): boolean {
    return this.#index.disabled.has(fingerprint);
  }

  /** See {@linkcode IdentityProvider.fromToken}. */
  fromToken(token: string): Identity | undefined {
    if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const hash = createHash("sha256").update(token).digest();
    let found: Identity | undefined;
    for (const candidate of candidatesOf(this.#index, token)) {
      const match = timingSafeEqual(hash, candidate.hash);
      if (match && !(this.#now() >= candidate.expiresAt)) found = candidate.identity;
    }
    return found;
  }

  /** See {@linkcode IdentityProvider.fromSshKey}. */
  fromSshKey(blob: Uint8Array): Identity | undefined {
    return this.#index.sshKeys.get(blob.toBase64());
  }

  /** See {@linkcode IdentityProvider.onChange}. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * Makes a bearer token of 160 random bits.
 *
 * @returns The token, to be shown once, and its public prefix.
 *
 * @example
 * ```ts
 * import { createToken } from "@alknet/core";
 * import { match } from "node:assert/strict";
 *
 * match(createToken().token, /^alk_[a-z0-9]{8}_[a-z0-9]{32}$/);
 * ```
 */
export function createToken(): { token: string; prefix: string } {
  const bytes = crypto.getRandomValues(new Uint8Array(PREFIX_CHARACTERS + SECRET_CHARACTERS));
  const text = Array.from(bytes, (byte) => ALPHABET[byte & 31]).join("");
  const prefix = text.slice(0, PREFIX_CHARACTERS);
  return { token: `alk_${prefix}_${text.slice(PREFIX_CHARACTERS)}`, prefix };
}

/**
 * The hash under which a token is kept.
 *
 * @param token The whole token.
 * @returns `sha256:` and 64 lower-case hexadecimal digits.
 *
 * @example
 * ```ts
 * import { hashToken } from "@alknet/core";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   hashToken("bearer-secret"),
 *   "sha256:1cdeae9426f0d6e5dd83de184e4b4833a3cc537fd904b3d8be1dcaf315e3c748",
 * );
 * ```
 */
export function hashToken(token: string): string {
  return `sha256:${createHash("sha256").update(token).digest("hex")}`;
}

interface TokenCandidate {
  readonly hash: Uint8Array;
  readonly expiresAt: number;
  readonly identity: Identity;
}

/** Whoever has an id; only a token has a hash there. */
interface Holder extends Omit<TokenCandidate, "hash"> {
  readonly hash?: Uint8Array;
}

interface Index {
  readonly ids: ReadonlyMap<string, Holder>;
  readonly fingerprints: ReadonlyMap<string, Identity>;
  readonly disabled: ReadonlySet<string>;
  readonly sshKeys: ReadonlyMap<string, Identity>;
  readonly tokens: ReadonlyMap<string, readonly TokenCandidate[]>;
}

function indexOf({ peers, tokens, owner }: IdentityEntries): Index {
  const enabled = peers.filter((peer) => peer.enabled);
  const identities = unique("peer", peers.map((peer) => [peer.peerId, identityOf(peer)]));
  const of = (peer: PeerEntry): Identity => identities.get(peer.peerId) ?? identityOf(peer);
  const keys = enabled.flatMap((peer) => peer.fingerprints.map((key) => [key, of(peer)] as const));
  const own: [string, Identity][] = owner ? [[owner, OWNER]] : [];
  unique("token", tokens.map((token) => [token.name, token]));
  const valid: Holder[] = [
    ...owner ? [{ identity: OWNER, expiresAt: Infinity }] : [],
    ...enabled.map((peer) => ({ identity: of(peer), expiresAt: Infinity })),
    ...tokens.map((token) => tokenCandidate(token)[1]),
  ];
  return {
    ids: new Map(valid.map((each) => [each.identity.id, each])),
    fingerprints: unique("key", [...own, ...keys]),
    disabled: new Set(peers.filter((peer) => !peer.enabled).flatMap((peer) => peer.fingerprints)),
    sshKeys: unique(
      "SSH key",
      enabled.flatMap((peer) => peer.sshKeys.map((key) => [key, of(peer)] as const)),
    ),
    tokens: groupTokens([
      ...enabled.flatMap((peer) => peerToken(peer, of(peer))),
      ...tokens.map(tokenCandidate),
    ]),
  };
}

const OWNER: Identity = { id: OWNER_ID, scopes: ["*"], resources: {} };

function identityOf({ peerId, scopes, resources }: PeerEntry): Identity {
  return { id: peerId, scopes, resources };
}

function peerToken({ authTokenHash }: PeerEntry, identity: Identity): [string, TokenCandidate][] {
  if (!authTokenHash) return [];
  return [["", { hash: hashBytes(authTokenHash), expiresAt: Infinity, identity }]];
}

function tokenCandidate(token: TokenEntry): [string, TokenCandidate] {
  const identity = { id: `token:${token.name}`, scopes: token.scopes, resources: {} };
  const expiresAt = token.expiresAt?.getTime() ?? Infinity;
  return [token.prefix, { hash: hashBytes(token.hash), expiresAt, identity }];
}

/** Peers' tokens have any form, so they stand under no prefix and are tried for every token. */
function groupTokens(all: readonly [string, TokenCandidate][]): Map<string, TokenCandidate[]> {
  const anywhere = all.filter(([prefix]) => prefix === "").map(([, candidate]) => candidate);
  const groups = new Map<string, TokenCandidate[]>([["", anywhere]]);
  for (const [prefix, candidate] of all) {
    if (prefix === "") continue;
    groups.set(prefix, [...groups.get(prefix) ?? anywhere, candidate]);
  }
  return groups;
}

function candidatesOf({ tokens }: Index, token: string): readonly TokenCandidate[] {
  const prefix = /^alk_([a-z0-9]{8})_/.exec(token)?.[1] ?? "";
  return tokens.get(prefix) ?? tokens.get("") ?? [];
}

function hashBytes(hash: string): Uint8Array {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(hash)?.[1];
  if (!hex) throw new IdentityConflictError(`Cannot use token hash "${hash.slice(0, 12)}…"`);
  return Uint8Array.fromHex(hex);
}

function unique<T>(what: string, entries: readonly (readonly [string, T])[]): Map<string, T> {
  const map = new Map<string, T>();
  for (const [key, value] of entries) {
    if (map.has(key)) throw new IdentityConflictError(`Cannot list ${what} "${key}" twice`);
    map.set(key, value);
  }
  return map;
}
