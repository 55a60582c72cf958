import { type Address, type Limits, parseScope, ScopeError } from "@alknet/core";
import { parseAddress, TargetError } from "@alknet/client";
import { PEER_POLICIES } from "@alknet/operations";
import { type AcmeConfig, acmeConfig } from "./acme_config.ts";
import { type HttpConfig, httpConfig } from "./http_config.ts";
import { type ImportConfig, importConfigs } from "./import_config.ts";
import { assertKnownTables } from "./known_tables.ts";
import { parseToml, readToml, tablesOf, type TomlFile } from "./read_tables.ts";
import { isOperationPattern, type ReexportConfig } from "./reexports.ts";
import { FIELDS, LIMIT_KEYS } from "./schema.ts";
import { type SftpConfig, sftpConfigOf } from "./sftp.ts";
import { type SiteConfig, siteConfigs } from "./site_config.ts";
import { SITE_TABLE } from "./site_schema.ts";
import { type SshConfig, sshConfigOf } from "./ssh_config.ts";
import { type StoreConfig, storeConfigOf } from "./store_config.ts";
import { type Table, tableOf } from "./table.ts";

/** `alknet.toml` as the program uses it. */
export interface Config extends StoreConfig {
  /** The file it came from, or undefined for the embedded default. */
  readonly file?: string;
  readonly names: readonly string[];
  readonly listen: readonly ListenConfig[];
  /** Undefined where no names are to have a certificate from an authority. */
  readonly acme?: AcmeConfig;
  readonly handlers: readonly string[];
  readonly modules: readonly string[];
  /** Peers to stay connected to. */
  readonly attach: readonly string[];
  /** Modules with operations. */
  readonly operationModules: readonly string[];
  readonly reexports: readonly ReexportConfig[];
  readonly echoPeerAuth: "none" | "optional" | "required";
  readonly ssh: SshConfig;
  readonly http: HttpConfig;
  readonly sites: readonly SiteConfig[];
  readonly sftp: SftpConfig;
  readonly limits: Partial<Limits>;
  /** Services whose operations are offered here. */
  readonly imports: readonly ImportConfig[];
  readonly logLevel: "debug" | "info" | "warning" | "error";
  readonly logFormat: "text" | "json";
}

/** One `[[listen]]`. */
export interface ListenConfig {
  readonly address: Address;
  readonly transports: readonly ("quic" | "tls")[];
  /** X.509 files, where the node does not issue its own certificate. */
  readonly x509?: { readonly certFile: string; readonly keyFile: string };
  /** Whether the certificate of `[acme]` is shown too. */
  readonly acme: boolean;
  readonly quicCertificate: "own" | "named";
}

/**
 * Reads and checks `alknet.toml`.
 *
 * @returns The configuration; the embedded default where there is no file.
 * @throws {ConfigError} At the place of the first mistake.
 */
export async function readConfig(file: string): Promise<Config> {
  const toml = await readToml(file);
  return toml ? { ...configOf(toml), file } : configOf(parseToml(file, ""));
}

/** Checks parsed TOML and fills in what is missing. */
export function configOf(toml: TomlFile): Config {
  assertKnownTables(toml);
  const node = table(toml, "node");
  const handlers = table(toml, "handlers");
  const log = table(toml, "log");
  const http = httpConfig(table(toml, "http"));
  return {
    names: node.strings("names"),
    listen: listenOf(toml),
    acme: acmeConfig(table(toml, "acme")),
    handlers: handlers.strings("enabled"),
    modules: handlers.strings("modules"),
    attach: attachOf(table(toml, "call")),
    operationModules: table(toml, "operations").strings("modules"),
    reexports: reexportsOf(toml),
    echoPeerAuth: oneOf(table(toml, "echo").string("peer_auth"), PEER_AUTH, "none"),
    ssh: sshConfigOf(table(toml, "ssh")),
    http,
    sites: siteConfigs(tablesNamed(toml, SITE_TABLE), http.ownHosts),
    sftp: sftpConfigOf(table(toml, "sftp")),
    limits: limitsOf(toml),
    imports: importConfigs((name) => tablesNamed(toml, name)),
    ...storeConfigOf(toml),
    logLevel: oneOf(log.string("level"), LEVELS, "info"),
    logFormat: oneOf(log.string("format"), FORMATS, "text"),
  };
}

const PEER_AUTH = ["none", "optional", "required"] as const;
const LEVELS = ["debug", "info", "warning", "error"] as const;
const FORMATS = ["text", "json"] as const;
const TRANSPORTS = ["quic", "tls"] as const;

function listenOf(toml: TomlFile): ListenConfig[] {
  const count = Math.max(1, tablesOf(toml, "listen").length);
  return Array.from({ length: count }, (_, index) => {
    const listen = table(toml, "listen", index);
    const cert = listen.string("cert");
    const key = listen.string("key");
    if (Boolean(cert) !== Boolean(key)) {
      throw listen.error(cert ? "cert" : "key", '"cert" and "key" go together');
    }
    return {
      address: addressOf(listen),
      transports: listen.strings("transports").map((each) => oneOf(each, TRANSPORTS, "quic")),
      x509: cert && key ? { certFile: cert, keyFile: key } : undefined,
      acme: listen.boolean("acme") && !cert,
      quicCertificate: listen.string("quic_certificate") === "acme" ? "named" : "own",
    };
  });
}

function attachOf(call: Table): readonly string[] {
  const names = call.strings("attach");
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw call.error("attach", `"${twice}" stands in "attach" twice`);
  return names;
}

/** A table without operations means nothing: that is how the template has it. */
function reexportsOf(toml: TomlFile): ReexportConfig[] {
  const count = tablesOf(toml, "reexport").length;
  const tables = Array.from({ length: count }, (_, index) => table(toml, "reexport", index));
  return tables.filter((each) => each.strings("operations").length > 0).map(reexportOf);
}

function reexportOf(rule: Table): ReexportConfig {
  const operations = rule.strings("operations");
  const bad = operations.find((each) => !isOperationPattern(each));
  if (bad !== undefined) throw rule.error("operations", `"${bad}" is no name and no "area/*"`);
  const scopes = rule.strings("scopes");
  if (scopes.length === 0) {
    throw rule.error("operations", 'Say what callers need: "scopes" is missing');
  }
  for (const scope of scopes) assertScope(scope, rule);
  const prefix = rule.string("prefix");
  if (prefix !== "" && (!isOperationPattern(prefix) || prefix.endsWith("*"))) {
    throw rule.error("prefix", `"${prefix}" is no start of a name`);
  }
  if (rule.string("peer") === "") throw rule.error("peer", '"peer" must be a name, or "any"');
  const policy = oneOf(rule.string("policy"), PEER_POLICIES, "round-robin");
  return { operations, peer: rule.string("peer"), policy, scopes, prefix };
}

function assertScope(scope: string, rule: Table): void {
  try {
    parseScope(scope);
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    throw rule.error("scopes", error.message);
  }
}

function addressOf(listen: Table): Address {
  try {
    return parseAddress(listen.string("address"));
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    throw listen.error("address", `"address" must be host:port, such as "[::]:4433"`);
  }
}

function limitsOf(toml: TomlFile): Partial<Limits> {
  const limits = table(toml, "limits");
  return Object.fromEntries([...LIMIT_KEYS].map(([key, name]) => [name, limits.integer(key)]));
}

/** All tables of a name that may stand several times. */
export function tablesNamed(toml: TomlFile, name: string): Table[] {
  return tablesOf(toml, name).map((_, at) => table(toml, name, at));
}

/** One table with its values checked against the whole schema and its gaps filled. */
export function table(toml: TomlFile, name: string, index = 0): Table {
  return tableOf(toml, FIELDS, name, index);
}

function oneOf<const T extends string>(text: string, values: readonly T[], otherwise: T): T {
  return values.find((value) => value === text) ?? otherwise;
}
