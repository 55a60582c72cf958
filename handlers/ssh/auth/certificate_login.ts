import { type Identity, OWNER_ID } from "@alknet/core";

import type { Certificate } from "./certificate.ts";
import type { Login } from "./login.ts";
import type { LoginContext } from "./login_policy.ts";
import { type CertificateRestrictions, withAuthority } from "./restrictions.ts";
import { isFromSource } from "./source_addresses.ts";
import { sshFingerprint, type UserKey } from "./user_key.ts";

/** What a certificate may demand that is understood here; anything else is refused. */
const CRITICAL_OPTIONS: ReadonlySet<string> = new Set(["force-command", "source-address"]);
const USER_CERTIFICATE = 1;

/** PROTOCOL.certkeys: every condition has to hold, and what is not understood is refused. */
export function certificateLogin(
  user: string,
  { blob }: UserKey,
  certificate: Certificate,
  { identities, auth, rules, now }: LoginContext,
): Login | undefined {
  const { principals, criticalOptions } = certificate;
  if (certificate.type !== USER_CERTIFICATE || !certificate.isSigned) return undefined;
  if (!rules.authorities?.some((each) => sameBytes(each, certificate.authority))) return undefined;
  // A certificate for anybody, or for several none of whom was named, does not say who this is.
  const name = principals.includes(user) || principals.length !== 1 ? user : principals[0];
  if (name === undefined || !principals.includes(name) || !isPeerName(name)) return undefined;
  if ([...criticalOptions.keys()].some((each) => !CRITICAL_OPTIONS.has(each))) return undefined;
  const sources = criticalOptions.get("source-address")?.split(",").map((each) => each.trim());
  if (sources && !isFromSource(sources, auth.remoteAddr.hostname)) return undefined;
  const ofAuthority = rules.restrictionsOf?.(sshFingerprint(certificate.authority)) ?? {};
  const restrictions = withAuthority(restrictionsIn(certificate), ofAuthority);
  if (!restrictions) return undefined;
  const identity = (): Identity | undefined =>
    isValidAt(certificate, now()) ? identities.withId(name) : undefined;
  const fingerprint = sshFingerprint(blob);
  return { user, identity, method: "certificate", fingerprint, restrictions };
}

function restrictionsIn({ criticalOptions, extensions }: Certificate): CertificateRestrictions {
  return {
    forceCommand: criticalOptions.get("force-command"),
    pty: extensions.has("permit-pty"),
    forwarding: extensions.has("permit-port-forwarding"),
    agent: extensions.has("permit-agent-forwarding"),
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

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
