import type { FetchHandler, HttpInfo } from "../http_info.ts";
import { hasWayUp } from "./way_up.ts";

/** One site among those a node serves. */
export interface Site {
  /** `app.example`, or `*.example` for all names one label below. Default: any. */
  readonly host?: string;
  /** Paths that begin with it, by whole segments. Default: `/`. */
  readonly path?: string;
  /** Answers. */
  readonly serve: FetchHandler;
}

/** Answers for one of several sites; undefined where none is meant. */
export type SiteHandler = (
  request: Request,
  info: HttpInfo,
) => Response | Promise<Response> | undefined;

/** What {@linkcode sites} can be told. */
export interface SitesOptions {
  /** Hosts at which none of them answers, as `URL.hostname` has them. Default: none. */
  readonly except?: readonly string[];
}

/**
 * Serves several sites: the one whose host fits best, a name before a pattern before any, and among
 * those the longest path.
 *
 * @param sites In any order.
 * @param options Where none answers.
 * @returns What answers for all of them.
 *
 * @example
 * ```ts
 * import { redirectSite, sites } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * const handle = sites([{ host: "old.example", serve: redirectSite("https://new.example") }]);
 * const info: Parameters<typeof handle>[1] = Object.create(null);
 * const response = await handle(new Request("https://old.example/a?b"), info);
 * strictEqual(response?.headers.get("location"), "https://new.example/a?b");
 * strictEqual(handle(new Request("https://other.example/"), info), undefined);
 * ```
 */
export function sites(sites: readonly Site[], { except = [] }: SitesOptions = {}): SiteHandler {
  const ordered = sites.toSorted((a, b) => rank(b) - rank(a));
  return (request, info) => {
    const url = new URL(request.url);
    const hostname = hostOf(url);
    if (except.includes(hostname)) return undefined;
    const site = ordered.find((each) => fits(each, hostname, url.pathname));
    return site?.serve(request, info);
  };
}

/** The host of a URL, in lower case; `example.org.` is `example.org` said in full (RFC 1034 3.1). */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, "");
}

/** Hosts count more than any path can. */
function rank({ host, path = "/" }: Site): number {
  const kind = host === undefined ? 0 : host.startsWith("*.") ? 1 : 2;
  return kind * 1_000_000 + Math.min(path.length, 999_999);
}

function fits({ host, path = "/" }: Site, hostname: string, pathname: string): boolean {
  return fitsHost(host, hostname) && fitsPath(path, pathname);
}

/** Whether a site answers at a host, at whatever path; `host` is the site's. */
export function fitsHost(host: string | undefined, hostname: string): boolean {
  if (host === undefined) return true;
  const wanted = host.toLowerCase();
  if (!wanted.startsWith("*.")) return hostname === wanted;
  const label = hostname.slice(0, -(wanted.length - 1));
  return hostname.endsWith(wanted.slice(1)) && label !== "" && !label.includes(".");
}

/** A path that could lead out of the site's is none of the site's. */
function fitsPath(path: string, pathname: string): boolean {
  if (path !== "/" && hasWayUp(pathname)) return false;
  if (!pathname.startsWith(path)) return false;
  return path.endsWith("/") || pathname.length === path.length || pathname[path.length] === "/";
}
