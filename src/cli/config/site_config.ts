import type { Table } from "./config.ts";

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
const UPSTREAM = /^(https?:\/\/[^/\s]+\/?|unix:\/\S+|peer:[A-Za-z0-9._-]+)$/;

/**
 * Reads one table.
 *
 * @returns Undefined for a table with nothing in it, as `alknet init` writes it.
 * @throws {ConfigError} At the place of the first mistake.
 */
export function siteConfig(table: Table): SiteConfig | undefined {
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
  return {
    ...(host === "" ? {} : { host }),
    path,
    prefix: table.boolean("strip") ? path.replace(/\/$/, "") : "",
    serves: servedBy(table, { upstreams, root, redirect }),
  };
}

function servedBy(
  table: Table,
  { upstreams, root, redirect }: {
    readonly upstreams: readonly string[];
    readonly root: string;
    readonly redirect: string;
  },
): SiteConfig["serves"] {
  const optional = (key: string): string | undefined => table.string(key) || undefined;
  if (root !== "") {
    return {
      kind: "folder",
      root,
      fallback: optional("fallback"),
      cacheControl: optional("cache_control"),
    };
  }
  if (redirect !== "") {
    if (/^https?:$/.test(URL.parse(redirect)?.protocol ?? "")) {
      return { kind: "redirect", to: redirect };
    }
    throw table.error("redirect", `"${redirect}" is no http or https URL`);
  }
  const bad = upstreams.find((each) => !UPSTREAM.test(each));
  if (bad !== undefined) {
    throw table.error("upstreams", `"${bad}": write http://host:port, unix:/path or peer:NAME`);
  }
  return {
    kind: "proxy",
    upstreams,
    keepHost: table.boolean("keep_host"),
    trustForwarded: table.boolean("trust_forwarded"),
    timeoutMs: table.integer("timeout_ms"),
  };
}
