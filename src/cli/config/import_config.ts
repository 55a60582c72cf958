import type { HttpAuth } from "@alknet/adapters";
import { parseScope, ScopeError } from "@alknet/core";

import type { Table } from "./table.ts";
import { IMPORT_TABLES } from "./import_schema.ts";

/** One `[[openapi]]` or `[[mcp]]`: a service whose operations become this node's. */
export interface ImportConfig {
  readonly kind: "openapi" | "mcp";
  /** What the names of its operations begin with. */
  readonly name: string;
  /** Where its description is: a URL, or a file beside the configuration. */
  readonly source: { readonly url: URL } | { readonly file: string };
  /** Where it is. Default: as its description says. */
  readonly baseUrl?: string;
  /** How it wants its secret. Default: as its description says. */
  readonly auth?: HttpAuth;
  /** Its secret, by the name in the store. Default: it wants none. */
  readonly credential?: string;
  /** What callers need; none for operations that nobody reaches from outside. */
  readonly scopes: readonly string[];
}

/**
 * Reads the tables of services.
 *
 * @param tables All tables of a name.
 * @throws {ConfigError} At the place of the first mistake.
 */
export function importConfigs(tables: (name: string) => readonly Table[]): ImportConfig[] {
  const configs = IMPORT_TABLES.flatMap((kind) =>
    tables(kind).flatMap((table) => importConfig(kind === "mcp" ? "mcp" : "openapi", table) ?? [])
  );
  for (const [at, { config, table }] of configs.entries()) {
    const twice = configs.slice(0, at).some((each) => each.config.name === config.name);
    if (twice) throw table.error("name", `Another service has the name "${config.name}"`);
  }
  return configs.map(({ config }) => config);
}

interface Read {
  readonly config: ImportConfig;
  readonly table: Table;
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** What the names of the node's own operations begin with. */
export const OWN_NAMESPACES: ReadonlySet<string> = new Set([
  "config",
  "dashboard",
  "groups",
  "node",
  "peers",
  "services",
  "tokens",
  "upstreams",
]);

/** Undefined for a table with nothing in it, as `alknet init` writes it. */
function importConfig(kind: ImportConfig["kind"], table: Table): Read | undefined {
  const optional = (key: string): string | undefined => table.string(key) || undefined;
  const openapi = kind === "openapi";
  const name = table.string("name");
  const file = openapi ? optional("file") : undefined;
  const baseUrl = openapi ? urlOf(table, "base_url")?.href : undefined;
  const url = urlOf(table, "url");
  if (!name && !file && !url) return undefined;
  if (!NAME.test(name)) throw table.error("name", `"name" must be made of A-Za-z0-9_.-`);
  if (OWN_NAMESPACES.has(name)) {
    throw table.error("name", `"${name}" is what the node's own operations are called by`);
  }
  if (name in {}) throw table.error("name", `"${name}" is a name that every object has`);
  if (url && file) throw table.error("file", 'Give "url" or "file", not both');
  if (file && !baseUrl) throw table.error("file", 'With "file" give "base_url" too');
  const source = file ? { file } : url && { url };
  if (!source) throw table.error("name", `Give "url"${openapi ? ' or "file"' : ""}`);
  const auth = openapi ? authOf(table) : undefined;
  const credential = optional("credential");
  return {
    table,
    config: {
      kind,
      name,
      source,
      scopes: scopesOf(table),
      ...(baseUrl === undefined ? {} : { baseUrl }),
      ...(auth === undefined ? {} : { auth }),
      ...(credential === undefined ? {} : { credential }),
    },
  };
}

function urlOf(table: Table, key: string): URL | undefined {
  const text = table.string(key);
  if (!text) return undefined;
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
  throw table.error(key, `"${key}" must be http:// or https://, without user and password`);
}

const PLACES = ["header", "query", "cookie"] as const;

function authOf(table: Table): HttpAuth | undefined {
  const text = table.string("auth");
  if (!text) return undefined;
  if (text === "bearer" || text === "basic") return { type: text };
  const [, where, name] = /^(\w+):([\w.-]+)$/.exec(text) ?? [];
  const place = PLACES.find((each) => each === where);
  if (place && name) return { type: "apiKey", in: place, name };
  throw table.error("auth", '"auth" must be bearer, basic, header:NAME, query:NAME or cookie:NAME');
}

function scopesOf(table: Table): readonly string[] {
  const scopes = table.strings("scopes");
  for (const scope of scopes) {
    try {
      if (parseScope(scope).includes("*")) {
        throw new ScopeError("A scope that is asked for has no *");
      }
    } catch (error) {
      if (!(error instanceof ScopeError)) throw error;
      throw table.error("scopes", `"${scope}" is no scope: write area:verb or area:verb:object`);
    }
  }
  return scopes;
}
