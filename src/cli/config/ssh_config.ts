import type { Address } from "@alknet/core";
import { parseAddress, TargetError } from "@alknet/client";
import { type ForwardRule, ForwardRuleError, parseForwardRule } from "@alknet/ssh";
import type { Table } from "./config.ts";

/** `[ssh]` as the program uses it. */
export interface SshConfig {
  readonly offer: ReadonlySet<string>;
  readonly forwardRules: readonly ForwardRule[];
  readonly listenRules: readonly ForwardRule[];
  readonly socketPatterns: readonly string[];
  /** Wire forms. */
  readonly authorities: readonly Uint8Array[];
  /** By fingerprint. */
  readonly forceCommands: ReadonlyMap<string, string>;
  readonly envPatterns: readonly string[];
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
    forceCommands: new Map(table.strings("force_commands").map((line) => forced(table, line))),
    envPatterns: table.strings("env"),
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
    },
  };
}

function rulesOf(table: Table, key: string): ForwardRule[] {
  return table.strings(key).map((text) => {
    try {
      return parseForwardRule(text);
    } catch (error) {
      if (!(error instanceof ForwardRuleError)) throw error;
      throw table.error(key, error.message);
    }
  });
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

function forced(table: Table, line: string): [fingerprint: string, command: string] {
  const [, fingerprint, command] = /^(SHA256:[A-Za-z0-9+/]{43})\s+(\S.*)$/.exec(line) ?? [];
  if (fingerprint && command) return [fingerprint, command];
  throw table.error("force_commands", `"force_commands" must hold "SHA256:fingerprint command"`);
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
