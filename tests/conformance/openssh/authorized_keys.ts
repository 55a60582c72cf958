import { createHash } from "node:crypto";

/** What restricts whoever logs in with a key of the file, as the handler is told. */
export interface KeyRestrictions {
  readonly forceCommand?: string;
  readonly pty?: boolean;
  readonly forwarding?: boolean;
  readonly agent?: boolean;
}

/** A line of an `authorized_keys` file. */
export interface AuthorizedKey {
  /** The key in its wire form, in base64. */
  readonly key: string;
  /** Whether certificates by this key are taken, instead of the key itself. */
  readonly isAuthority: boolean;
  /** Names that certificates of an authority have to carry one of. Default: the account's. */
  readonly principals: readonly string[];
  /** What its options say. */
  readonly restrictions: KeyRestrictions;
}

const LINE =
  /^(?:((?:[^\s"]|"(?:[^"\\]|\\.)*")+)\s+)?((?:sk-)?(?:ssh|ecdsa)-\S+)\s+([A-Za-z0-9+/=]+)/;
const OPTION = /([a-zA-Z-]+)(?:="((?:[^"\\]|\\.)*)")?/g;
const FLAGS: Readonly<Record<string, KeyRestrictions>> = {
  "pty": { pty: true },
  "no-pty": { pty: false },
  "port-forwarding": { forwarding: true },
  "no-port-forwarding": { forwarding: false },
  "agent-forwarding": { agent: true },
  "no-agent-forwarding": { agent: false },
  "restrict": { pty: false, forwarding: false, agent: false },
};

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
  let isAuthority = false;
  let principals: readonly string[] = [];
  let restrictions: KeyRestrictions = {};
  for (const [, written = "", value] of options.matchAll(OPTION)) {
    const name = written.toLowerCase();
    if (name === "cert-authority") isAuthority = true;
    else if (name === "principals") principals = value?.split(",") ?? [];
    else if (name === "command") {
      restrictions = { ...restrictions, forceCommand: value?.replace(/\\"/g, '"') ?? "" };
    } else if (FLAGS[name] && value === undefined) {
      restrictions = { ...restrictions, ...FLAGS[name] };
    } else return undefined;
  }
  return { key, isAuthority, principals, restrictions };
}
