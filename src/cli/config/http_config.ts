import type { RouteGroup, WebLimits } from "@alknet/http";
import { ROUTE_GROUPS } from "@alknet/http";
import type { Table } from "./table.ts";
import { WEB_LIMIT_KEYS } from "./http_schema.ts";

/** `[http]`. */
export interface HttpConfig {
  readonly gateway: boolean;
  readonly mcp: boolean;
  readonly operationTools: boolean;
  readonly authorizationServers: readonly string[];
  readonly metrics: boolean;
  readonly enrolment: boolean;
  readonly visible: readonly RouteGroup[];
  readonly decoy: DecoyConfig;
  readonly corsOrigins: readonly string[];
  /** Where browsers reach the node; undefined for where it listens. */
  readonly publicUrl?: URL | undefined;
  /** As `URL.hostname` has them; empty for those that no site answers to. */
  readonly ownHosts: readonly string[];
  readonly limits: Partial<WebLimits>;
}

/** What strangers see. */
export type DecoyConfig =
  | { readonly kind: "nginx" }
  | { readonly kind: "static"; readonly root: string }
  | { readonly kind: "redirect"; readonly location: string };

/** Reads `[http]`. */
export function httpConfig(http: Table): HttpConfig {
  return {
    gateway: http.boolean("gateway"),
    mcp: http.boolean("mcp"),
    operationTools: http.string("mcp_tools") === "operations",
    authorizationServers: http.strings("authorization_servers")
      .map((issuer) => issuerOf(http, issuer)),
    metrics: http.boolean("metrics"),
    enrolment: http.boolean("enrolment"),
    visible: http.strings("visible").filter(isRouteGroup),
    decoy: decoyOf(http),
    corsOrigins: http.strings("cors_origins").map((origin) => originOf(http, origin)),
    publicUrl: publicUrlOf(http),
    ownHosts: http.strings("own_hosts").map((host) => ownHostOf(http, host)),
    limits: limitsOf(http),
  };
}

function limitsOf(http: Table): Partial<WebLimits> {
  if (http.integer("default_timeout_ms") > http.integer("max_timeout_ms")) {
    throw http.error("default_timeout_ms", '"default_timeout_ms" is above "max_timeout_ms"');
  }
  return Object.fromEntries([...WEB_LIMIT_KEYS].map(([key, name]) => [name, http.integer(key)]));
}

function issuerOf(http: Table, text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw http.error("authorization_servers", `"${text}" is no http or https URL`);
}

function decoyOf(http: Table): DecoyConfig {
  const root = http.string("decoy_root");
  const location = http.string("decoy_location");
  const decoy = http.string("decoy");
  if (root && decoy !== "static") {
    throw http.error("decoy_root", '"decoy_root" is for decoy = "static"');
  }
  if (location && decoy !== "redirect") {
    throw http.error("decoy_location", '"decoy_location" is for decoy = "redirect"');
  }
  switch (decoy) {
    case "static":
      if (!root) throw http.error("decoy", 'decoy = "static" needs "decoy_root"');
      return { kind: "static", root };
    case "redirect":
      if (!/^https?:\/\//.test(location) || !URL.canParse(location)) {
        throw http.error("decoy", 'decoy = "redirect" needs "decoy_location", a URL');
      }
      return { kind: "redirect", location };
    default:
      return { kind: "nginx" };
  }
}

function originOf(http: Table, text: string): string {
  if (URL.parse(text)?.origin === text) return text;
  throw http.error("cors_origins", `"${text}" is no origin such as https://app.example`);
}

function publicUrlOf(http: Table): URL | undefined {
  const text = http.string("public_url");
  if (text === "") return undefined;
  const url = URL.parse(text);
  if (url?.protocol === "https:" && url.href === `${url.origin}/`) return url;
  throw http.error("public_url", `"${text}" is no https URL of a host and perhaps a port`);
}

function ownHostOf(http: Table, text: string): string {
  const hostname = URL.parse(`https://${text}`)?.hostname;
  if (hostname === text.toLowerCase() && !/[*]|\.$/.test(hostname)) return hostname;
  throw http.error("own_hosts", `"${text}" is no host such as admin.example, 127.0.0.1 or [::1]`);
}

function isRouteGroup(name: string): name is RouteGroup {
  return Object.hasOwn(ROUTE_GROUPS, name);
}
