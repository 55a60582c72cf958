import type { Address } from "@alknet/core";
import { parseAddress, TargetError } from "@alknet/client";
import {
  checkedBanner,
  type ForwardRule,
  ForwardRuleError,
  type LoginRestrictions,
  parseForwardRule,
  parseKeyOptions,
  parseVariable,
  RevocationList,
  SshOptionError,
} from "@alknet/ssh";
import type { Table } from "./table.ts";

/** `[ssh]` as the program uses it. */
export interface SshConfig {
  readonly offer: ReadonlySet<string>;
  readonly forwardRules: readonly ForwardRule[];
  readonly listenRules: readonly ForwardRule[];
  readonly socketPatterns: readonly string[];
  /** Wire forms. */
  readonly authorities: readonly Uint8Array[];
  /** By fingerprint of a key or an authority. */
  readonly restrictions: ReadonlyMap<string, LoginRestrictions>;
  readonly revocations: RevocationList;
  /** A file of further ones; undefined for none. */
  readonly revocationsFile?: string;
  readonly envPatterns: readonly string[];
  readonly setEnv: ReadonlyMap<string, string>;
  readonly banner: string;
  /** Accounts by peer; empty for everybody to be the node's own. */
  readonly unixUsers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Peers whose terminals are recorded. */
  readonly record: ReadonlySet<string>;
  /** Plain TCP; undefined for none. */
  readonly tcp?: Address;
  readonly acceptPeerProof: boolean;
  readonly limits: {
    readonly loginGraceMs: number;
    readonly maxAuthTries: number;
    readonly penaltyMs: number;
    readonly maxTerminals: number;
    readonly terminalIdleMs: number;
    readonly sessionIdleMs: number;
    readonly forwardIdleMs: number;
    readonly unusedMs: number;
  };
}

/** Checks `[ssh]`. */
export function sshConfigOf(table: Table): SshConfig {
  return {
    offer: new Set(table.strings("offer")),
    forwardRules: rulesOf(table, "forward"),
    listenRules: rulesOf(table, "listen"),
    socketPatterns: table.strings("sockets"),
    authorities: table.strings("ca_keys").map((line) => authorityOf(table, line)),
    restrictions: restrictionsOf(table),
    revocations: attempt(table, "revoked_keys", (key) => RevocationList.of(table.strings(key))),
    revocationsFile: table.string("revoked_keys_file") || undefined,
    envPatterns: table.strings("env"),
    setEnv: attempt(table, "set_env", (key) => new Map(table.strings(key).map(parseVariable))),
    banner: attempt(table, "banner", (key) => checkedBanner(table.string(key))),
    unixUsers: accountsOf(table),
    record: new Set(table.strings("record")),
    tcp: tcpOf(table),
    acceptPeerProof: table.string("peer_proof") === "accept",
    limits: {
      loginGraceMs: table.integer("login_grace_ms"),
      maxAuthTries: table.integer("max_auth_tries"),
      penaltyMs: table.integer("penalty_ms"),
      maxTerminals: table.integer("max_terminals"),
      terminalIdleMs: table.integer("terminal_idle_ms"),
      sessionIdleMs: table.integer("session_idle_ms"),
      forwardIdleMs: table.integer("forward_idle_ms"),
      unusedMs: table.integer("unused_ms"),
    },
  };
}

function rulesOf(table: Table, key: string): ForwardRule[] {
  return attempt(table, key, () => table.strings(key).map(parseForwardRule));
}

/** Reads the value of a key; what is wrong with it is told with its place. */
function attempt<T>(table: Table, key: string, read: (key: string) => T): T {
  try {
    return read(key);
  } catch (error) {
    const isMistake = error instanceof ForwardRuleError || error instanceof SshOptionError;
    throw isMistake ? table.error(key, error.message) : error;
  }
}

function authorityOf(table: Table, line: string): Uint8Array {
  const [, base64 = ""] = /^[a-z0-9@.-]+ ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line) ?? [];
  try {
    if (base64) return Uint8Array.fromBase64(base64);
  } catch {
    // told below
  }
  throw table.error("ca_keys", `"ca_keys" must hold public keys such as "ssh-ed25519 AAAA…"`);
}

/** A key may stand in both, as long as only one forces a command. */
function restrictionsOf(table: Table): ReadonlyMap<string, LoginRestrictions> {
  const restrictions = new Map<string, LoginRestrictions>();
  for (const [fingerprint, options] of byFingerprint(table, "key_options", "options")) {
    if (restrictions.has(fingerprint)) {
      throw table.error("key_options", `"key_options" has ${fingerprint} twice`);
    }
    const read = attempt(table, "key_options", () => parseKeyOptions(options));
    restrictions.set(fingerprint, read);
  }
  for (const [fingerprint, forceCommand] of byFingerprint(table, "force_commands", "command")) {
    const before = restrictions.get(fingerprint);
    if (before?.forceCommand !== undefined) {
      throw table.error("force_commands", `Two commands are forced on ${fingerprint}`);
    }
    restrictions.set(fingerprint, { ...before, forceCommand });
  }
  return restrictions;
}

function byFingerprint(
  table: Table,
  key: string,
  what: string,
): (readonly [fingerprint: string, rest: string])[] {
  return table.strings(key).map((line) => {
    const [, fingerprint, rest] = /^(SHA256:[A-Za-z0-9+/]{43})\s+(\S.*)$/.exec(line) ?? [];
    if (fingerprint && rest) return [fingerprint, rest] as const;
    throw table.error(key, `"${key}" must hold "SHA256:fingerprint ${what}"`);
  });
}

function accountsOf(table: Table): Map<string, Set<string>> {
  const accounts = new Map<string, Set<string>>();
  for (const line of table.strings("unix_users")) {
    const [peer, account, ...rest] = line.split(":");
    if (!peer || !account || rest.length > 0) {
      throw table.error("unix_users", `"unix_users" must hold "peer:account"`);
    }
    accounts.set(peer, (accounts.get(peer) ?? new Set()).add(account));
  }
  return accounts;
}

function tcpOf(table: Table): Address | undefined {
  const text = table.string("tcp");
  if (text === "") return undefined;
  try {
    return parseAddress(text);
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    throw table.error("tcp", `"tcp" must be host:port, such as "127.0.0.1:2222"`);
  }
}
