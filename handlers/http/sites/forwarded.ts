import { COOKIE } from "../dashboard/guard.ts";
import type { HttpInfo } from "../http_info.ts";

/** Fields that belong to one connection and go no further (RFC 9110 section 7.6.1). */
const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/**
 * Fields by which proxies tell of the client; a client's own are not believed. Many servers read `_`
 * in a name as `-` (RFC 3875 section 4.1.18 makes one of both).
 */
const FORWARDED = /^(?:forwarded|via|x[-_]real[-_]ip|x[-_]forwarded[-_].*)$/;

/** As such a server would take it, a setting of its own: where to send its requests ("httpoxy"). */
const PROXY = "proxy";

/** Who the name of this proxy is in `Via`: it tells nothing. */
const PSEUDONYM = "proxy";

/** How a request is passed on. */
export interface ForwardOptions {
  /** The `Host` for the server; undefined for the one the client named. */
  readonly host?: string;
  /** Whether another proxy stands in front whose word counts. */
  readonly trustForwarded: boolean;
}

/**
 * The fields a server gets: those of the request, without what belongs to the connection, with who
 * asked for what (RFC 7239, and the older `X-Forwarded-*`).
 */
export function forwardedHeaders(
  request: Request,
  { remoteAddr }: Pick<HttpInfo, "remoteAddr">,
  { host, trustForwarded }: ForwardOptions,
): Headers {
  const headers = endToEnd(request.headers);
  const before = trustForwarded ? headers.get("forwarded") : null;
  const hops = trustForwarded ? headers.get("x-forwarded-for") : null;
  const foreign = [...headers.keys()].filter((name) => isForeign(name, trustForwarded));
  for (const name of [...foreign, PROXY]) headers.delete(name);
  headers.delete("expect");
  withoutSession(headers);
  const { host: asked } = new URL(request.url);
  const address = remoteAddr.hostname;
  const quoted = address.includes(":") ? `"[${address}]"` : address;
  const element = `for=${quoted};host="${asked}";proto=https`;
  headers.set("host", host ?? asked);
  headers.set("forwarded", before === null ? element : `${before}, ${element}`);
  headers.set("x-forwarded-for", hops === null ? address : `${hops}, ${address}`);
  if (!headers.has("x-forwarded-host")) headers.set("x-forwarded-host", asked);
  if (!headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", "https");
  headers.append("via", `1.1 ${PSEUDONYM}`);
  return headers;
}

/** Whether it says of the client what only a trusted proxy may say, in the one spelling it uses. */
function isForeign(name: string, trustForwarded: boolean): boolean {
  return FORWARDED.test(name) && (!trustForwarded || name.includes("_"));
}

/** A copy without the fields of the connection. */
function endToEnd(headers: Headers): Headers {
  const copy = new Headers(headers);
  for (const name of ofConnection(headers.get("connection") ?? "")) {
    if (isFieldName(name)) copy.delete(name);
  }
  return copy;
}

/** Names of fields that belong to the connection, those that its own field names among them. */
export function ofConnection(connection: string): ReadonlySet<string> {
  const named = connection.split(",").map((name) => name.trim().toLowerCase());
  return new Set([...HOP_BY_HOP, ...named]);
}

/** A server behind a site on the dashboard's host gets that host's cookies, but not that one. */
function withoutSession(headers: Headers): void {
  const cookies = headers.get("cookie");
  if (!cookies?.includes(COOKIE)) return;
  const others = cookies.split(";").filter((each) => !each.trim().startsWith(`${COOKIE}=`));
  if (others.length === 0) headers.delete("cookie");
  else headers.set("cookie", others.join(";").trim());
}

function isFieldName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}
