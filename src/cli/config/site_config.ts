import { type HealthCheckOptions, redirectSite, upstream } from "@alknet/http";

import { checked } from "./checked.ts";
import type { Table } from "./table.ts";
import { HEALTH_KEYS, healthConfig } from "./health_config.ts";

/** One `[[site]]`. */
export interface SiteConfig {
  /** Undefined for any. */
  readonly host?: string;
  readonly path: string;
  /** Taken off before a server or a folder is asked; empty for nothing. */
  readonly prefix: string;
  readonly serves: ProxyConfig | FolderConfig | RedirectConfig;
}

/** A site that passes requests on. */
export interface ProxyConfig {
  readonly kind: "proxy";
  readonly upstreams: readonly string[];
  readonly keepHost: boolean;
  readonly trustForwarded: boolean;
  readonly timeoutMs: number;
  readonly maxConnections: number;
  /** Undefined where servers are not checked. */
  readonly healthCheck: HealthCheckOptions | undefined;
}

/** A site of files. */
export interface FolderConfig {
  readonly kind: "folder";
  readonly root: string;
  readonly fallback?: string;
  readonly cacheControl?: string;
}

/** A site that is elsewhere. */
export interface RedirectConfig {
  readonly kind: "redirect";
  readonly to: string;
}

const HOST = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i;
const PEER = /^peer:[A-Za-z0-9._-]+$/;
const FIELD_VALUE = /^[\x20-\x7e]*$/;

/**
 * Reads one table.
 *
 * @returns Undefined for a table with nothing in it, as `alknet init` writes it.
 * @throws {ConfigError} At the place of the first mistake.
 */
function siteConfig(table: Table): SiteConfig | undefined {
  const upstreams = table.strings("upstreams");
  const root = table.string("root");
  const redirect = table.string("redirect");
  const host = table.string("host");
  const path = table.string("path");
  const ways = [upstreams.length > 0, root !== "", redirect !== ""].filter(Boolean).length;
  if (ways === 0 && host === "" && path === "/") return undefined;
  if (ways !== 1) throw table.error("host", 'Give one of "upstreams", "root" and "redirect"');
  if (host !== "" && !HOST.test(host)) {
    throw table.error("host", `"${host}" is no host such as app.example or *.example`);
  }
  if (!path.startsWith("/")) throw table.error("path", '"path" must begin with "/"');
  const asked = URL.parse(path, "https://site.invalid")?.pathname;
  if (path !== asked) {
    throw table.error("path", `"path" must be as it stands in URLs: ${asked ?? "with one slash"}`);
  }
  return {
    ...(host === "" ? {} : { host }),
    path,
    prefix: table.boolean("strip") ? path.replace(/\/$/, "") : "",
    serves: servedBy(table, { upstreams, root, redirect, host }),
  };
}

/** Keys that mean something for one kind of site only. */
const KEYS_OF = {
  upstreams: ["keep_host", "trust_forwarded", "timeout_ms", "max_connections", ...HEALTH_KEYS],
  root: ["fallback", "cache_control"],
} as const;

function servedBy(
  table: Table,
  { upstreams, root, redirect, host }: {
    readonly upstreams: readonly string[];
    readonly root: string;
    readonly redirect: string;
    readonly host: string;
  },
): SiteConfig["serves"] {
  if (root === "") refuseKeysOf("root", table);
  if (upstreams.length === 0) refuseKeysOf("upstreams", table);
  if (root !== "") return folder(table, root);
  if (redirect !== "") {
    if (table.boolean("strip")) throw table.error("strip", '"strip" is not for a redirect');
    checked(table, "redirect", () => redirectSite(redirect));
    return { kind: "redirect", to: redirect };
  }
  for (const each of upstreams) checked(table, "upstreams", () => reached(each));
  const keepHost = table.boolean("keep_host");
  const name = keepHost && host !== "" && !host.startsWith("*.") ? host : undefined;
  return {
    kind: "proxy",
    upstreams,
    keepHost,
    trustForwarded: table.boolean("trust_forwarded"),
    timeoutMs: table.integer("timeout_ms"),
    maxConnections: table.integer("max_connections"),
    healthCheck: healthConfig(table, name),
  };
}

function refuseKeysOf(kind: keyof typeof KEYS_OF, table: Table): void {
  const idle = KEYS_OF[kind].find((key) => table.has(key));
  if (idle !== undefined) throw table.error(idle, `"${idle}" is for a site with "${kind}"`);
}

function folder(table: Table, root: string): FolderConfig {
  const fallback = table.string("fallback");
  const cacheControl = table.string("cache_control");
  if (fallback.startsWith("/") || fallback.split("/").includes("..")) {
    throw table.error("fallback", `"fallback" must be a file within "root"`);
  }
  if (!FIELD_VALUE.test(cacheControl)) {
    throw table.error("cache_control", '"cache_control" must be one line of printable characters');
  }
  return {
    kind: "folder",
    root,
    fallback: fallback || undefined,
    cacheControl: cacheControl || undefined,
  };
}

/** As the site will do when the node starts. */
function reached(text: string): void {
  upstream(text, PEER.test(text) ? { dialPeer: () => Promise.reject(new TypeError(text)) } : {});
}

/** All `[[site]]`s; two that answer to the same are a mistake, and one at a host of the node's own. */
export function siteConfigs(tables: readonly Table[], ownHosts: readonly string[]): SiteConfig[] {
  const places = new Set<string>();
  return tables.flatMap((table) => {
    const config = siteConfig(table);
    if (!config) return [];
    const { host = "any host", path } = config;
    if (ownHosts.includes(host.toLowerCase())) {
      throw table.error("host", `"${host}" is the node's own: see "own_hosts" in [http]`);
    }
    const place = `${host.toLowerCase()} ${path}`;
    if (places.has(place)) throw table.error("host", `Another site answers to ${place} already`);
    places.add(place);
    return [config];
  });
}
