import { fitsHost, hostOf, type Site } from "./site.ts";

/** Tells whether a URL's host is the node's own. */
export type IsOwnHost = (url: URL) => boolean;

/**
 * Which hosts are the node's own, so that what a browser does there, it does for nobody else's page:
 * a page may do all that its visitor may at its own host, by the visitor's cookies and certificate.
 *
 * @param named The hosts, as `URL.hostname` has them; none for those that no site answers to.
 * @param sites The sites with pages.
 *
 * @example
 * ```ts
 * import { ownHosts } from "@alknet/http";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const at = (isOwn: ReturnType<typeof ownHosts>) =>
 *   ["https://app.example/", "https://127.0.0.1:4433/"].map((url) => isOwn(new URL(url)));
 * deepStrictEqual(at(ownHosts([], [{ host: "app.example" }])), [false, true]);
 * deepStrictEqual(at(ownHosts([], [{}])), [false, false]); // it answers everywhere
 * deepStrictEqual(at(ownHosts(["127.0.0.1"], [{}])), [false, true]);
 * ```
 */
export function ownHosts(
  named: readonly string[],
  sites: readonly Pick<Site, "host">[],
): IsOwnHost {
  return (url) => {
    const hostname = hostOf(url);
    if (named.length > 0) return named.includes(hostname);
    return !sites.some(({ host }) => fitsHost(host, hostname));
  };
}
