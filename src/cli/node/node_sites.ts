import {
  type IsOwnHost,
  type Metric,
  ownHosts,
  type Page,
  type ProxySite,
  proxySite,
  redirectSite,
  type Site,
  sites,
  staticSite,
  upstream,
  type UpstreamStatus,
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
  /** Hosts that no site answers at. */
  readonly ownHosts: readonly string[];
}

/** A server behind a site. */
export interface SiteServer extends UpstreamStatus {
  /** Host and path of the site. */
  readonly site: string;
}

/** The sites of a node, until they are disposed of. */
export interface NodeSites extends Disposable {
  /** Answers for them. */
  readonly page: Page;
  /** Whether no page of a site is at a host. */
  readonly isOwnHost: IsOwnHost;
  /** How the servers behind them are now. */
  servers(): SiteServer[];
}

/** The sites of `[[site]]`. */
export function nodeSites(configs: readonly SiteConfig[], options: NodeSitesOptions): NodeSites {
  using stack = new DisposableStack();
  const proxies: { readonly site: string; readonly proxy: ProxySite }[] = [];
  const page = sites(
    configs.map((config) => {
      const site = siteOf(config, options);
      if (!("upstreams" in site.serve)) return site;
      proxies.push({ site: nameOf(config), proxy: stack.use(site.serve) });
      return site;
    }),
    { except: options.ownHosts },
  );
  const withPages = configs.filter(({ serves }) => serves.kind !== "redirect");
  const held = stack.move();
  return {
    page,
    isOwnHost: ownHosts(options.ownHosts, withPages),
    servers: () =>
      proxies.flatMap(({ site, proxy }) => proxy.upstreams().map((each) => ({ site, ...each }))),
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** What `/metrics` tells of the servers behind sites. */
export function siteMetrics(servers: readonly SiteServer[]): Metric[] {
  const labelled = servers.map(({ site, upstream, ...status }) => ({
    labels: { site, upstream },
    status,
  }));
  return [
    {
      name: "alknet_upstream_up",
      help: "Whether requests go to a server behind a site",
      type: "gauge",
      samples: labelled.map(({ labels, status }) => ({
        labels,
        value: status.state === "up" ? 1 : 0,
      })),
    },
    {
      name: "alknet_upstream_refused_total",
      help: "Requests that a server behind a site had too many connections for",
      type: "counter",
      samples: labelled.map(({ labels, status }) => ({ labels, value: status.refused })),
    },
    {
      name: "alknet_upstream_checks_total",
      help: "Health checks of a server behind a site, by result",
      type: "counter",
      samples: labelled.flatMap(({ labels, status: { checksPassed, checksFailed } }) => [
        { labels: { ...labels, result: "passed" }, value: checksPassed },
        { labels: { ...labels, result: "failed" }, value: checksFailed },
      ]),
    },
  ];
}

function nameOf({ host = "*", path }: SiteConfig): string {
  return `${host}${path}`;
}

type ServingSite = Site & { readonly serve: Site["serve"] | ProxySite };

function siteOf(
  config: SiteConfig,
  { directory, dialPeer }: NodeSitesOptions,
): ServingSite {
  const { host, path, prefix, serves } = config;
  switch (serves.kind) {
    case "folder": {
      const { fallback, cacheControl } = serves;
      const root = resolve(directory, serves.root);
      return { host, path, serve: staticSite({ root, prefix, fallback, cacheControl }) };
    }
    case "redirect":
      return { host, path, serve: redirectSite(serves.to) };
    case "proxy": {
      const { upstreams, kind: _, ...asked } = serves;
      const options = {
        name: nameOf(config),
        upstreams: upstreams.map((each) => upstream(each, { dialPeer })),
        prefix,
        ...asked,
      };
      return { host, path, serve: proxySite(options) };
    }
  }
}
