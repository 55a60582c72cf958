import type { Address } from "./connection.ts";

/** Who a peer is and what it may do, as an identity provider sees it right now. */
export interface Identity {
  /** The logical peer id: stable while keys rotate, never a fingerprint. */
  readonly id: string;
  /** Scopes in the grammar of docs/security.md, such as `git:read:team/site`. */
  readonly scopes: readonly string[];
  /** Names of resources by type, such as `{ service: ["gitea"] }`. */
  readonly resources: Readonly<Record<string, readonly string[]>>;
}

/** What a connection told about its peer, handed to every handler. */
export interface AuthContext {
  /** The peer's identity, re-read after every change; undefined for a stranger. */
  readonly identity?: Identity;
  /** The proven key, `ed25519:<hex>`, or certificate, `SHA256:<hex>`; undefined without proof. */
  readonly fingerprint?: string;
  /** The ALPN of the connection. */
  readonly alpn: string;
  /** The peer's address as seen from here. */
  readonly remoteAddr: Address;
}

/**
 * Turns credentials into identities. Reads are synchronous and come from memory: they stand on the
 * path of every connection and every request.
 */
export interface IdentityProvider {
  /** The peer that owns a proven key or certificate, or undefined. */
  fromFingerprint(fingerprint: string): Identity | undefined;
  /** Whether a proven key belongs to a peer that is switched off: refused even as a stranger. */
  isDisabled(fingerprint: string): boolean;
  /** The peer or token that a bearer token stands for, or undefined. */
  fromToken(token: string): Identity | undefined;
  /** The peer that owns an SSH public key in its wire form (RFC 4253 section 6.6), or undefined. */
  fromSshKey(blob: Uint8Array): Identity | undefined;
  /** The identity with an id as of now: a peer's, `owner`, or `token:` and a token's name. */
  withId(id: string): Identity | undefined;
  /**
   * Tells one issue of a token from the next under its name, by the id `token:` and that name:
   * another text each time the token is replaced. Undefined for peers, who keep what they have while
   * their keys change. Default: nothing is told.
   */
  issueOf?(id: string): string | undefined;
  /**
   * Calls back after every change of what the reads above answer.
   *
   * @returns A function that stops it.
   */
  onChange(listener: () => void): () => void;
}

/** A provider that knows nobody: the default of an endpoint, and a stand-in in tests. */
export const NOBODY: IdentityProvider = {
  fromFingerprint: () => undefined,
  isDisabled: () => false,
  fromToken: () => undefined,
  fromSshKey: () => undefined,
  withId: () => undefined,
  onChange: () => () => {},
};
