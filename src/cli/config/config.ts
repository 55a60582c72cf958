import { type Address, type Limits, parseScope, ScopeError } from "@alknet/core";
import { parseAddress, TargetError } from "@alknet/client";
import { PEER_POLICIES } from "@alknet/operations";
import { ConfigError } from "../errors.ts";
import { type AcmeConfig, acmeConfig } from "./acme_config.ts";
import type { Field } from "./field.ts";
import { type HttpConfig, httpConfig } from "./http_config.ts";
import { type ImportConfig, importConfigs } from "./import_config.ts";
import { locate } from "./locate.ts";
import { parseToml, readToml, tablesOf, type TomlFile } from "./read_tables.ts";
import { isOperationPattern, type ReexportConfig } from "./reexports.ts";
import { ARRAY_TABLES, FIELDS, LIMIT_KEYS } from "./schema.ts";
import { type SftpConfig, sftpConfigOf } from "./sftp.ts";
import { type SiteConfig, siteConfigs } from "./site_config.ts";
import { SITE_TABLE } from "./site_schema.ts";
import { type SshConfig, sshConfigOf } from "./ssh_config.ts";

/** `alknet.toml` as the program uses it. */
export interface Config {
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
  /** Undefined for the file beside the vault. */
  readonly storeUrl?: string;
  readonly auditDays: number;
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
    storeUrl: table(toml, "store").string("url") || undefined,
    auditDays: table(toml, "store").integer("audit_days"),
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

/** One table of the file: its values by key, and errors that say where they stand. */
export interface Table {
  string(key: string): string;
  strings(key: string): readonly string[];
  integer(key: string): number;
  boolean(key: string): boolean;
  /** Whether the file has the key, with whatever value. */
  has(key: string): boolean;
  /** A mistake in the value of a key. */
  error(key: string, problem: string): ConfigError;
}

/** All tables of a name that may stand several times. */
export function tablesNamed(toml: TomlFile, name: string): Table[] {
  return tablesOf(toml, name).map((_, at) => table(toml, name, at));
}

/** One table with its values checked against the schema and its gaps filled. */
export function table(toml: TomlFile, name: string, index = 0): Table {
  const given = tablesOf(toml, name)[index] ?? {};
  const fail = (key: string | undefined, problem: string): ConfigError =>
    new ConfigError(toml.file, locate(toml.text, { table: name, index, key }), problem);
  for (const key of Object.keys(given)) {
    if (!fieldOf(name, key)) throw fail(key, unknownKey(name, key));
  }
  const value = (key: string): unknown => {
    const field = fieldOf(name, key);
    if (!field) throw fail(key, unknownKey(name, key));
    const found = given[key] ?? fallbackOf(field);
    const problem = problemOf(field, found);
    if (problem) throw fail(key, problem);
    return found;
  };
  return {
    string: (key) => String(value(key)),
    strings: (key) => [value(key)].flat().map(String),
    integer: (key) => Number(value(key)),
    boolean: (key) => value(key) === true,
    has: (key) => Object.hasOwn(given, key),
    error: fail,
  };
}

function fieldOf(tableName: string, key: string): Field | undefined {
  return FIELDS.find((field) => field.table === tableName && field.key === key);
}

function fallbackOf({ fallback, key }: Field): unknown {
  return fallback === "" ? "" : parseToml("schema", `${key} = ${fallback}`).root[key];
}

/** Longest time a timer can be set to; a longer one would be over at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What is wrong with a value, or undefined. */
function problemOf(field: Field, value: unknown): string | undefined {
  const { key, type, values, min = 0 } = field;
  if (type === "integer") {
    const good = typeof value === "number" && Number.isSafeInteger(value) && value >= min;
    if (!good) return `"${key}" must be a whole number of at least ${min}`;
    const late = key.endsWith("_ms") && value > MAX_TIMER_MS;
    return late ? `"${key}" must be at most ${MAX_TIMER_MS}, which is 24 days` : undefined;
  }
  if (type === "boolean") {
    return typeof value === "boolean" ? undefined : `"${key}" must be true or false`;
  }
  const texts = type === "strings" ? value : [value];
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === "string")) {
    return `"${key}" must be ${type === "strings" ? "an array of strings" : "a string"}`;
  }
  const foreign = texts.find((text) => values && !values.includes(text));
  if (foreign !== undefined) return `"${key}" must be one of: ${values?.join(", ")}`;
  return texts.some((text) => text.includes("\0")) ? `"${key}" contains NUL` : undefined;
}

function assertKnownTables(toml: TomlFile): void {
  const known = new Set(FIELDS.map((field) => field.table));
  for (const [name, value] of Object.entries(toml.root)) {
    const place = (): ReturnType<typeof locate> => {
      const found = locate(toml.text, { table: name });
      return found.line > 1 ? found : locate(toml.text, { table: "", key: name });
    };
    if (!known.has(name)) {
      throw new ConfigError(toml.file, place(), `Unknown table "${name}": ${nearest(name, known)}`);
    }
    if (Array.isArray(value) !== ARRAY_TABLES.has(name)) {
      const form = ARRAY_TABLES.has(name) ? `[[${name}]]` : `[${name}]`;
      throw new ConfigError(toml.file, place(), `Write ${form}`);
    }
  }
}

function unknownKey(tableName: string, key: string): string {
  const keys = FIELDS.filter((field) => field.table === tableName).map((field) => field.key);
  return `Unknown key "${key}" in [${tableName}]: ${nearest(key, new Set(keys))}`;
}

/** The known name that shares most of its start, as advice. */
function nearest(name: string, known: ReadonlySet<string>): string {
  const shared = (other: string): number => {
    let count = 0;
    while (count < other.length && other[count] === name[count]) count++;
    return count;
  };
  const [best] = [...known].sort((a, b) => shared(b) - shared(a));
  return best && shared(best) >= 2 ? `did you mean "${best}"?` : `one of ${[...known].join(", ")}`;
}

function oneOf<const T extends string>(text: string, values: readonly T[], otherwise: T): T {
  return values.find((value) => value === text) ?? otherwise;
}
