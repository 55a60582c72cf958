import type { PeerEntry, TokenEntry } from "./config_identities.ts";
import type { Blame } from "./errors.ts";
import type { Identity, IdentityProvider } from "./identity.ts";

/** A named set of scopes: what a peer in the group may do beside its own scopes. */
export interface GroupEntry {
  /** The group's name. */
  readonly name: string;
  /** What its members may do. */
  readonly scopes: readonly string[];
}

/** A peer as a store keeps it. */
export interface StoredPeer extends PeerEntry {
  /** Names of groups; unknown ones grant nothing. Default: none. */
  readonly groups?: readonly string[];
  /** End of validity of the token behind `authTokenHash`. Default: never. */
  readonly tokenExpiresAt?: Date;
  /** The node id in z-base-32, where the peer is a node that can be dialled. Default: none. */
  readonly nodeId?: string;
  /** Where to dial it, `host:port`, best first. Default: none. */
  readonly addresses?: readonly string[];
}

/** A token as a store takes it. */
export interface NewToken extends TokenEntry {
  /**
   * Id of the identity that made it: the token may never do what that one may not do now, and ends
   * with it. Default: nobody; it stands by itself.
   */
  readonly createdBy?: string;
}

/**
 * An identity provider that can be changed. Each method resolves once the change is durable and this
 * process's own reads answer by it; other processes follow within milliseconds.
 */
export interface IdentityStore extends IdentityProvider {
  /**
   * Adds a peer or replaces the one with its id.
   *
   * @throws {IdentityConflictError} When one of its keys or its token belongs to another peer.
   */
  putPeer(peer: StoredPeer): Promise<void>;
  /**
   * Changes some fields of a peer.
   *
   * @throws {StoreNotFoundError} When there is no such peer.
   * @throws {IdentityConflictError} As {@linkcode IdentityStore.putPeer}.
   */
  updatePeer(peerId: string, change: Partial<Omit<StoredPeer, "peerId">>): Promise<void>;
  /**
   * Removes a peer; its connections end.
   *
   * @throws {StoreNotFoundError} When there is no such peer.
   */
  removePeer(peerId: string): Promise<void>;
  /**
   * Gives a peer one more key; its id and grants stay.
   *
   * @throws {StoreNotFoundError} When there is no such peer.
   * @throws {IdentityConflictError} When the key belongs to another peer.
   */
  addFingerprint(peerId: string, fingerprint: string): Promise<void>;
  /**
   * Takes a key from a peer; connections proven with it end.
   *
   * @throws {StoreNotFoundError} When the peer does not have the key.
   */
  removeFingerprint(peerId: string, fingerprint: string): Promise<void>;
  /**
   * Adds a token or replaces the one with its name.
   *
   * @throws {IdentityConflictError} When its hash belongs to another token.
   */
  putToken(token: NewToken): Promise<void>;
  /**
   * Removes a token.
   *
   * @throws {StoreNotFoundError} When there is no such token.
   */
  removeToken(name: string): Promise<void>;
  /** Adds a group or replaces the one with its name. */
  putGroup(group: GroupEntry): Promise<void>;
  /**
   * Removes a group; its members keep their other scopes.
   *
   * @throws {StoreNotFoundError} When there is no such group.
   */
  removeGroup(name: string): Promise<void>;
}

/** A secret as the vault encrypted it. Stores keep it and never decrypt it. */
export interface EncryptedRecord {
  /** Which key of the vault. */
  // deno-lint-ignore camelcase -- the name is frozen, see @alknet/vault
  readonly key_version: number;
  /** Base64. */
  readonly salt: string;
  /** Base64. */
  readonly iv: string;
  /** Base64 of ciphertext and tag. */
  readonly data: string;
}

/** Outbound secrets by provider name, encrypted. */
export interface CredentialStore {
  /** The secret for a provider, from memory. */
  get(provider: string): EncryptedRecord | undefined;
  /** Names of all providers with a secret, sorted. */
  names(): readonly string[];
  /** Adds or replaces a secret. */
  put(provider: string, record: EncryptedRecord): Promise<void>;
  /**
   * Replaces a secret only if it still is what the caller saw: for rotation beside other writers.
   *
   * @returns Whether it was replaced.
   */
  replace(provider: string, seen: EncryptedRecord, next: EncryptedRecord): Promise<boolean>;
  /** Removes a secret; a missing one is as good. */
  delete(provider: string): Promise<void>;
}

/** Who owns which resource; reads come from memory. */
export interface OwnershipProvider {
  /** Whether the identity owns the resource: an owner may do anything with it. */
  owns(identity: Identity, type: string, id: string): boolean;
  /** Ids of all resources of a type that the identity owns, sorted. */
  ownedResources(identity: Identity, type: string): readonly string[];
  /** Whether the identity owns any resource of a type. */
  ownsAny(identity: Identity, type: string): boolean;
}

/** Ownership that can be changed. */
export interface OwnershipStore extends OwnershipProvider {
  /** Makes an identity, by its id, the owner of a resource, in place of an earlier one. */
  record(owner: string, type: string, id: string): Promise<void>;
  /** Ends ownership of a resource; a resource without owner is as good. */
  revoke(type: string, id: string): Promise<void>;
}

/** Why a backend could not do its work. */
export type StoreFault =
  | "unavailable"
  | "locked"
  | "full"
  | "corrupt"
  | "newer"
  | "closed"
  | "failed";

/** Thrown when the database cannot be reached or refuses; nothing was changed. */
export class StoreBackendError extends Error {
  /** The class's name. */
  override readonly name = "StoreBackendError";
  /** Who has to act. */
  readonly blame: Blame = "local";
  /** What is wrong with it. */
  readonly fault: StoreFault;

  /** Says what was tried, and what is wrong. */
  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** Thrown by a change of something that is not there. */
export class StoreNotFoundError extends RangeError {
  /** The class's name. */
  override readonly name = "StoreNotFoundError";
  /** Who has to act. */
  readonly blame: Blame = "user";
  /** What kind of thing was looked for, such as `peer`. */
  readonly kind: string;
  /** Its name. */
  readonly entity: string;

  /** Names what was looked for. */
  constructor(kind: string, entity: string) {
    super(`Cannot find ${kind} "${entity}"`);
    this.kind = kind;
    this.entity = entity;
  }
}

/** Thrown for a value that a store cannot keep, or one in the database that cannot be read. */
export class StoreSerializationError extends TypeError {
  /** The class's name. */
  override readonly name = "StoreSerializationError";
  /** Who has to act. */
  readonly blame: Blame = "user";
}
