import {
  type Page,
  proxySite,
  redirectSite,
  type Site,
  sites,
  staticSite,
  upstream,
} from "@alknet/http";
import { resolve } from "node:path";
import type { SiteConfig } from "../config/site_config.ts";
import type { DialPeer } from "./dial_peer.ts";

/** What sites need of the node. */
export interface NodeSitesOptions {
  /** Where relative folders begin. */
  readonly directory: string;
  /** Opens a stream to the HTTP of a peer. */
  readonly dialPeer: DialPeer;
}

/** The sites of `[[site]]` as a page; undefined where there are none. */
export function nodeSites(
  configs: readonly SiteConfig[],
  options: NodeSitesOptions,
): (Page & Disposable) | undefined {
  if (configs.length === 0) return undefined;
  using stack = new DisposableStack();
  const handle = sites(configs.map((config) => siteOf(config, options, stack)));
  const held = stack.move();
  const page: Page = (request, info) => handle(request, info);
  return Object.assign(page, { [Symbol.dispose]: () => held.dispose() });
}

function siteOf(
  { host, path, prefix, serves }: SiteConfig,
  { directory, dialPeer }: NodeSitesOptions,
  stack: DisposableStack,
): Site {
  switch (serves.kind) {
    case "folder": {
      const { fallback, cacheControl } = serves;
      const root = resolve(directory, serves.root);
      return { host, path, serve: staticSite({ root, prefix, fallback, cacheControl }) };
    }
    case "redirect":
      return { host, path, serve: redirectSite(serves.to) };
    case "proxy": {
      const { keepHost, trustForwarded, timeoutMs } = serves;
      const upstreams = serves.upstreams.map((each) => upstream(each, { dialPeer }));
      const options = { upstreams, prefix, keepHost, trustForwarded, timeoutMs };
      return { host, path, serve: stack.use(proxySite(options)) };
    }
  }
}
