import {
  type Address,
  type AuthContext,
  type Identity,
  type IdentityProvider,
  keyFingerprint,
  OWNER_ID,
} from "@alknet/core";

import { matchesCidr } from "../forward/cidr.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import type { Certificate } from "./certificate.ts";
import type { CheckedKey, Login, LoginPolicy, LoginRestrictions, SecondFactor } from "./login.ts";
import { withoutCertificate } from "./signatures.ts";
import { isSignedBy, parseUserKey, sshFingerprint, type UserKey } from "./user_key.ts";

/** What decides who may log in. */
export interface LoginRules {
  /** Keys of certificate authorities in their wire form. Default: none. */
  readonly authorities?: readonly Uint8Array[];
  /** What restricts a key, by its fingerprint. Default: nothing. */
  readonly restrictionsOf?: (fingerprint: string) => LoginRestrictions | undefined;
  /** A second factor somebody has to give after the key. Default: nobody has to. */
  readonly secondFactorOf?: (identity: Identity) => SecondFactor | undefined;
  /** Whether a peer that the connection has proven needs no SSH key. Default: false. */
  readonly acceptPeerProof?: boolean;
  /** Clock in milliseconds. Default: `Date.now`. */
  readonly now?: () => number;
}

/** What a certificate may demand that is understood here; anything else is refused. */
const CRITICAL_OPTIONS: ReadonlySet<string> = new Set(["force-command", "source-address"]);
const USER_CERTIFICATE = 1;

/** The policy for one connection. */
export function loginPolicy(
  identities: IdentityProvider,
  auth: AuthContext,
  rules: LoginRules,
): LoginPolicy {
  const now = rules.now ?? Date.now;
  return {
    byKey(user, blob): CheckedKey | undefined {
      const parsed = parseUserKey(blob);
      const login = parsed?.certificate
        ? certificateLogin(user, parsed, parsed.certificate, { identities, auth, rules, now })
        : parsed && keyLogin(user, parsed, identities, rules);
      return login && parsed ? { login, isSigned: signatureCheck(parsed) } : undefined;
    },
    byPeer(user): Login | undefined {
      const identity = (): Identity | undefined => auth.identity;
      if (!rules.acceptPeerProof || !identity()) return undefined;
      const { fingerprint } = auth;
      return { user, identity, method: "peer", fingerprint, restrictions: {} };
    },
    secondFactor: (identity) => rules.secondFactorOf?.(identity),
  };
}

/** A name in the algorithm that the key is not of would let the client choose what is checked. */
function signatureCheck({ key }: UserKey): CheckedKey["isSigned"] {
  return (message, signature, algorithm) =>
    isSignedBy(key, message, signature, withoutCertificate(algorithm));
}

function keyLogin(
  user: string,
  { blob }: UserKey,
  identities: IdentityProvider,
  rules: LoginRules,
): Login | undefined {
  const own = new Uint8Array(blob); // the message it came in is not kept
  const identity = (): Identity | undefined => identityOfKey(identities, own);
  if (!identity()) return undefined;
  const fingerprint = sshFingerprint(own);
  const restrictions = rules.restrictionsOf?.(fingerprint) ?? {};
  return { user, identity, method: "publickey", fingerprint, restrictions };
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

interface CertificateContext {
  readonly identities: IdentityProvider;
  readonly auth: AuthContext;
  readonly rules: LoginRules;
  readonly now: () => number;
}

/** PROTOCOL.certkeys: every condition has to hold, and what is not understood is refused. */
function certificateLogin(
  user: string,
  { blob }: UserKey,
  certificate: Certificate,
  { identities, auth, rules, now }: CertificateContext,
): Login | undefined {
  const { principals, criticalOptions, extensions } = certificate;
  if (certificate.type !== USER_CERTIFICATE || !certificate.isSigned) return undefined;
  if (!rules.authorities?.some((each) => sameBytes(each, certificate.authority))) return undefined;
  // A certificate for anybody, or for several none of whom was named, does not say who this is.
  const name = principals.includes(user) || principals.length !== 1 ? user : principals[0];
  if (name === undefined || !principals.includes(name) || !isPeerName(name)) return undefined;
  if ([...criticalOptions.keys()].some((each) => !CRITICAL_OPTIONS.has(each))) return undefined;
  if (!isFromSource(criticalOptions.get("source-address"), auth.remoteAddr)) return undefined;
  const identity = (): Identity | undefined =>
    isValidAt(certificate, now()) ? identities.withId(name) : undefined;
  if (!identity()) return undefined;
  const restrictions = {
    forceCommand: criticalOptions.get("force-command"),
    pty: extensions.has("permit-pty"),
    forwarding: extensions.has("permit-port-forwarding"),
    agent: extensions.has("permit-agent-forwarding"),
  };
  return {
    user,
    identity,
    method: "certificate",
    fingerprint: sshFingerprint(blob),
    restrictions,
  };
}

/** An authority can vouch for peers, not for the owner of the node, nor for tokens. */
function isPeerName(name: string): boolean {
  return name !== OWNER_ID && !name.includes(":");
}

function isValidAt({ validAfter, validBefore }: Certificate, nowMs: number): boolean {
  const seconds = BigInt(Math.floor(nowMs / 1000));
  return seconds >= validAfter && seconds < validBefore;
}

function isFromSource(list: string | undefined, { hostname }: Address): boolean {
  if (list === undefined) return true;
  return list.split(",").some((each) => matchesCidr(each.trim(), hostname));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
