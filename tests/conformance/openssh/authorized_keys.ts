import { createHash } from "node:crypto";

import { type LoginRestrictions, parseKeyOptions, SshOptionError } from "@alknet/ssh";

/** A line of an `authorized_keys` file. */
export interface AuthorizedKey {
  /** The key in its wire form, in base64. */
  readonly key: string;
  /** Whether certificates by this key are taken, instead of the key itself. */
  readonly isAuthority: boolean;
  /** Names that certificates of an authority have to carry one of. Default: the account's. */
  readonly principals: readonly string[];
  /** What its options say. */
  readonly restrictions: LoginRestrictions;
}

const LINE =
  /^(?:((?:[^\s"]|"(?:[^"\\]|\\.)*")+)\s+)?((?:sk-)?(?:ssh|ecdsa)-\S+)\s+([A-Za-z0-9+/=]+)/;
/** What tells which certificates are taken; the handler has other options for that. */
const OF_AUTHORITIES = /(?:^|,)(?:cert-authority|principals="([^"]*)")(?=,|$)/gi;

/** Reads such a file. A line with an option that the handler has no equal for is not a key. */
export function parseAuthorizedKeys(text: string): AuthorizedKey[] {
  return text.split("\n").flatMap((line) => {
    const [, options = "", , key] = LINE.exec(line.trim()) ?? [];
    return key === undefined ? [] : withOptions(key, options) ?? [];
  });
}

/** A key's name in logs and rules, as OpenSSH writes it. */
export function fingerprintOf(key: string): string {
  const hash = createHash("sha256").update(Uint8Array.fromBase64(key)).digest("base64");
  return `SHA256:${hash.replace(/=+$/, "")}`;
}

function withOptions(key: string, options: string): AuthorizedKey | undefined {
  const ofAuthorities = [...options.matchAll(OF_AUTHORITIES)];
  const principals = ofAuthorities.flatMap(([, names]) => names?.split(",") ?? []);
  const isAuthority = /(?:^|,)cert-authority(?:,|$)/i.test(options);
  const others = options.replace(OF_AUTHORITIES, "").replace(/^,/, "");
  try {
    return { key, isAuthority, principals, restrictions: parseKeyOptions(others) };
  } catch (error) {
    if (error instanceof SshOptionError) return undefined;
    throw error;
  }
}
