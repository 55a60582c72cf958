import {
  ConfigIdentities,
  type IdentityProvider,
  type PeerEntry,
  type StreamService,
} from "@alknet/core";
import {
  accountNamed,
  checkedBanner,
  type ForwardRule,
  type HostKey,
  parseForwardRule,
  parseVariable,
  RevocationFile,
  ssh,
  type SshEvent,
  type SshHandler,
  type SshOptions,
} from "@alknet/ssh";

import { type AuthorizedKey, fingerprintOf, parseAuthorizedKeys } from "./authorized_keys.ts";
import { readHostKeyFile } from "./host_key_file.ts";
import { rekeyLimit, type SshdConfig } from "./sshd_config.ts";

/** The handler as an `sshd_config` describes it, and who may log in. */
export interface Configured {
  readonly handler: SshHandler;
  readonly identities: IdentityProvider;
}

/** Reads the files a configuration names and makes a handler of it. */
export async function configured(
  config: SshdConfig,
  user: string,
  onEvent: (event: SshEvent) => void,
): Promise<Configured> {
  const keys = await authorizedKeys(config, user);
  const authorities = keys.filter((each) => each.isAuthority).map(({ key }) => key);
  const trusted = await authorizedKeysOf(config.words("trustedusercakeys"));
  const all = [...authorities, ...trusted.map(({ key }) => key)];
  const handler = ssh({
    hostKey: await hostKey(config),
    authorities: all.map((key) => Uint8Array.fromBase64(key)),
    ...restrictions(config, keys),
    ...forwarding(config),
    ...await greeting(config),
    revocations: revocations(config),
    transportLimits: rekeying(config),
    subsystems: new Map(config.all("subsystem").map((value) => subsystem(value, user))),
    envPatterns: config.all("acceptenv").flatMap((value) => value.split(/\s+/)),
    agentForwarding: config.one("allowagentforwarding") !== "no",
    limits: limits(config),
    onEvent,
  });
  const named = new Set(keys.flatMap(({ principals }) => principals));
  const sshKeys = new Set(keys.filter((each) => !each.isAuthority).map(({ key }) => key));
  const peers = [user, ...named].map((peerId) => peer(peerId, peerId === user ? sshKeys : []));
  return { handler, identities: new ConfigIdentities({ peers, tokens: [] }) };
}

/** Where sshd has principals of an account, a certificate's principal is a peer here. */
function peer(peerId: string, sshKeys: Iterable<string>): PeerEntry {
  const scopes = ["ssh:*"];
  return { peerId, fingerprints: [], sshKeys: [...sshKeys], scopes, resources: {}, enabled: true };
}

async function hostKey(config: SshdConfig): Promise<HostKey> {
  for (const path of config.all("hostkey")) {
    const key = readHostKeyFile(await Deno.readTextFile(path));
    if (key) return key;
  }
  throw new TypeError("No host key of Ed25519 is configured");
}

async function authorizedKeys(config: SshdConfig, user: string): Promise<AuthorizedKey[]> {
  const paths = config.words("authorizedkeysfile").filter((path) => path !== "none");
  return await authorizedKeysOf(paths.map((path) => path.replaceAll("%u", user)));
}

async function authorizedKeysOf(paths: readonly string[]): Promise<AuthorizedKey[]> {
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(path).catch(() => "")));
  return texts.flatMap(parseAuthorizedKeys);
}

/** Of the server's configuration and of the key, the server's command counts and either may forbid. */
function restrictions(
  config: SshdConfig,
  keys: readonly AuthorizedKey[],
): Pick<SshOptions, "restrictionsOf"> {
  const byKey = new Map(keys.map((each) => [fingerprintOf(each.key), each.restrictions]));
  const [, sftpServer = ""] = /^sftp\s+(.*)$/.exec(config.one("subsystem") ?? "") ?? [];
  const forced = config.one("forcecommand")?.replace(/^internal-sftp\b/, sftpServer);
  const noPty = config.one("permittty") === "no";
  return {
    restrictionsOf: (fingerprint) => ({
      ...byKey.get(fingerprint),
      ...forced !== undefined && forced !== "none" ? { forceCommand: forced } : {},
      ...noPty ? { pty: false } : {},
    }),
  };
}

/** A file that is missing or has what cannot be shown is no banner. */
async function greeting(config: SshdConfig): Promise<Pick<SshOptions, "banner" | "setEnv">> {
  const file = config.one("banner") ?? "none";
  const banner = await Deno.readTextFile(file).then(checkedBanner).catch(() => "");
  const setEnv = config.words("setenv").toReversed().map(parseVariable); // the first counts
  return { banner, setEnv: new Map(setEnv) };
}

/** Files are looked at for every connection, since each reads its configuration anew. */
function revocations(config: SshdConfig): RevocationFile[] {
  const path = config.one("revokedkeys");
  return path === undefined || path === "none" ? [] : [new RevocationFile(path)];
}

/** Packets that are on their way while keys change count too: less than these would never do. */
const MIN_REKEY_BYTES = 65_536;

function rekeying(config: SshdConfig): SshOptions["transportLimits"] {
  const { bytes, seconds } = rekeyLimit(config.words("rekeylimit"));
  return {
    ...bytes === undefined ? {} : { rekeyBytes: Math.max(bytes, MIN_REKEY_BYTES) },
    ...seconds === undefined ? {} : { rekeyMs: seconds * 1_000 },
  };
}

function forwarding(
  config: SshdConfig,
): Pick<SshOptions, "forwardRules" | "listenRules" | "socketPatterns"> {
  const isOff = config.one("disableforwarding") === "yes";
  const tcp = isOff ? "no" : config.one("allowtcpforwarding") ?? "yes";
  const sockets = isOff ? "no" : config.one("allowstreamlocalforwarding") ?? "yes";
  return {
    forwardRules: /yes|all|local/.test(tcp) ? rules(config.words("permitopen")) : [],
    listenRules: /yes|all|remote/.test(tcp) ? rules(config.words("permitlisten")) : [],
    socketPatterns: sockets === "no" ? [] : ["/*"],
  };
}

/** `PermitOpen` and `PermitListen`: a port, a host and a port, `any` or `none`. */
function rules(words: readonly string[]): ForwardRule[] {
  if (words[0] === "none") return [];
  const targets = words.length === 0 || words[0] === "any" ? ["*:*"] : words;
  return targets.map((each) =>
    parseForwardRule(`allow ${each.includes(":") ? each : `*:${each}`}`)
  );
}

function limits(config: SshdConfig): SshOptions["limits"] {
  const grace = /^(\d+)s?$/.exec(config.one("logingracetime") ?? "")?.[1];
  const tries = config.one("maxauthtries");
  // The time for new keys is looked at when something is sent, be it to ask for a sign of life.
  const { seconds: rekeySeconds } = rekeyLimit(config.words("rekeylimit"));
  return {
    // The suite tries a dozen keys at a login, and logs in from one address without a pause.
    maxAuthTries: tries === undefined ? 20 : Number(tries),
    penaltyMs: 0,
    ...grace === undefined ? {} : { loginGraceMs: Number(grace) * 1_000 },
    ...rekeySeconds === undefined ? {} : { keepAliveMs: rekeySeconds * 1_000 },
    unusedMs: Number(config.one("unusedconnectiontimeout") ?? 0) * 1_000,
  };
}

/** A subsystem that is a program, as all of sshd's are. */
function subsystem(value: string, user: string): [string, StreamService] {
  const [, name = "", command = ""] = /^(\S+)\s+(.*)$/.exec(value) ?? [];
  return [name, async (stream) => {
    const { home } = await accountNamed(user);
    const options = { stdin: "piped", stdout: "piped", stderr: "null", cwd: home } as const;
    const child = new Deno.Command("/bin/sh", { args: ["-c", command], ...options }).spawn();
    const input = stream.readable.pipeTo(child.stdin).catch(() => {});
    await child.stdout.pipeTo(stream.writable);
    await Promise.all([child.status, input]);
  }];
}
