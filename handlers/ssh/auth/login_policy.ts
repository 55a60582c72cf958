import {
  type AuthContext,
  type Identity,
  type IdentityProvider,
  keyFingerprint,
} from "@alknet/core";

import type { Revocations } from "../revocation/revoked_keys.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { namedBytes } from "../wire/ssh_writer.ts";
import { certificateLogin } from "./certificate_login.ts";
import type { CheckedKey, Login, LoginPolicy, LoginRestrictions, SecondFactor } from "./login.ts";
import { hasExpired, isFromAllowed } from "./restrictions.ts";
import { withoutCertificate } from "./signatures.ts";
import { isSignedBy, parseUserKey, sshFingerprint, type UserKey } from "./user_key.ts";

/** What decides who may log in. */
export interface LoginRules {
  /** Keys of certificate authorities in their wire form. Default: none. */
  readonly authorities?: readonly Uint8Array[];
  /**
   * What restricts a key, or all certificates of an authority, by its fingerprint. Default: nothing.
   */
  readonly restrictionsOf?: (fingerprint: string) => LoginRestrictions | undefined;
  /** Lists of keys and certificates that are not taken, whoever they stand for. Default: none. */
  readonly revocations?: readonly Revocations[];
  /** A second factor somebody has to give after the key. Default: nobody has to. */
  readonly secondFactorOf?: (identity: Identity) => SecondFactor | undefined;
  /** Whether a peer that the connection has proven needs no SSH key. Default: false. */
  readonly acceptPeerProof?: boolean;
  /** Clock in milliseconds. Default: `Date.now`. */
  readonly now?: () => number;
}

/** What a login is decided by. */
export interface LoginContext {
  /** Whom keys stand for. */
  readonly identities: IdentityProvider;
  /** What the connection has told. */
  readonly auth: AuthContext;
  /** The rules. */
  readonly rules: LoginRules;
  /** Clock in milliseconds. */
  readonly now: () => number;
}

/** The policy for one connection. */
export function loginPolicy(
  identities: IdentityProvider,
  auth: AuthContext,
  rules: LoginRules,
): LoginPolicy {
  const context: LoginContext = { identities, auth, rules, now: rules.now ?? Date.now };
  return {
    byKey(user, blob): CheckedKey | undefined {
      const key = parseUserKey(new Uint8Array(blob)); // the message it came in is not kept
      if (!key) return undefined;
      const found = key.certificate
        ? certificateLogin(user, key, key.certificate, context)
        : keyLogin(user, key, context);
      const login = found && restricted(found, key, context);
      return login && { login, isSigned: signatureCheck(key) };
    },
    byPeer(user): Login | undefined {
      if (!rules.acceptPeerProof || !auth.identity) return undefined;
      return peerLogin(user, context);
    },
    secondFactor: (identity) => rules.secondFactorOf?.(identity),
  };
}

/** A name in the algorithm that the key is not of would let the client choose what is checked. */
function signatureCheck({ key }: UserKey): CheckedKey["isSigned"] {
  return (message, signature, algorithm) =>
    isSignedBy(key, message, signature, withoutCertificate(algorithm));
}

function keyLogin(user: string, { blob }: UserKey, { identities, rules }: LoginContext): Login {
  const fingerprint = sshFingerprint(blob);
  return {
    user,
    identity: () => identityOfKey(identities, blob),
    method: "publickey",
    fingerprint,
    restrictions: rules.restrictionsOf?.(fingerprint) ?? {},
  };
}

/** What restricts or revokes a node's key as an SSH key does so here as well. */
function peerLogin(user: string, context: LoginContext): Login | undefined {
  const { auth, rules } = context;
  const key = auth.fingerprint === undefined ? undefined : nodeKey(auth.fingerprint);
  const restrictions = key && rules.restrictionsOf?.(sshFingerprint(key.blob)) || {};
  const identity = (): Identity | undefined => auth.identity;
  const { fingerprint } = auth;
  return restricted({ user, identity, method: "peer", fingerprint, restrictions }, key, context);
}

/** A login that is over when its key is revoked or has expired; undefined where it is already. */
function restricted(
  login: Login,
  key: Pick<UserKey, "blob" | "plain" | "certificate"> | undefined,
  { auth, rules, now }: LoginContext,
): Login | undefined {
  if (!isFromAllowed(login.restrictions, auth.remoteAddr.hostname)) return undefined;
  const identity = (): Identity | undefined => {
    if (hasExpired(login.restrictions, now())) return undefined;
    if (key && rules.revocations?.some((each) => each.covers(key))) return undefined;
    return login.identity();
  };
  return identity() && { ...login, identity };
}

/** The owner of a key listed as an SSH key, or of the node whose own key it is. */
function identityOfKey(identities: IdentityProvider, blob: Uint8Array): Identity | undefined {
  const asNode = nodeFingerprint(blob);
  if (asNode && identities.isDisabled(asNode)) return undefined;
  return identities.fromSshKey(blob) ?? (asNode ? identities.fromFingerprint(asNode) : undefined);
}

/** `ed25519:<hex>` where it is such a key: a node logs in with its own key from the vault's agent. */
function nodeFingerprint(blob: Uint8Array): string | undefined {
  const reader = new SshReader(blob);
  return reader.text() === "ssh-ed25519" ? keyFingerprint(reader.bytes()) : undefined;
}

/** The same the other way round; undefined for a certificate's. */
function nodeKey(fingerprint: string): Pick<UserKey, "blob" | "plain"> | undefined {
  const [, hex] = /^ed25519:([0-9a-f]{64})$/.exec(fingerprint) ?? [];
  if (hex === undefined) return undefined;
  const blob = namedBytes("ssh-ed25519", Uint8Array.fromHex(hex));
  return { blob, plain: blob };
}
