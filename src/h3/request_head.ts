import { contentLengthOf, type Fields, malformed, readFields } from "./field_rules.ts";
import type { FieldLine } from "./qpack/static_table.ts";

const PSEUDO: ReadonlySet<string> = new Set([
  ":authority",
  ":method",
  ":path",
  ":protocol",
  ":scheme",
]);
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** `uri-host [ ":" port ]` of RFC 9110 section 7.2, without user information. */
const AUTHORITY = /^(?:[\w.~%!$&'()*+,;=-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i;
/** `absolute-path [ "?" query ]` of RFC 9110 section 4.1, as lenient as browsers are. */
const PATH = /^\/[!-"$-~\x80-\xff]*$/;

/** The head of a request. */
export interface RequestHead {
  /** As in HTTP: `GET`. */
  readonly method: string;
  /** `https`; empty for plain CONNECT. */
  readonly scheme: string;
  /** Host and port. */
  readonly authority: string;
  /** Path and query, `*` for OPTIONS; empty for plain CONNECT. */
  readonly path: string;
  /** The protocol of an extended CONNECT (RFC 9220). */
  readonly protocol?: string;
  /** Header fields in order, cookies as one (RFC 9114 section 4.2.1). */
  readonly headers: readonly FieldLine[];
  /** What Content-Length says. */
  readonly contentLength?: number;
}

/**
 * Reads the head of a request.
 *
 * @param extendedConnect Whether this side said that it understands `:protocol`.
 * @throws {H3StreamError} `MessageError` for what RFC 9114 section 4.3.1 calls malformed.
 */
export function readRequestHead(
  lines: readonly FieldLine[],
  { extendedConnect = false }: { extendedConnect?: boolean } = {},
): RequestHead {
  const fields = readFields(lines, PSEUDO);
  const [method, protocol] = [fields.pseudo.get(":method") ?? "", fields.pseudo.get(":protocol")];
  if (!METHOD.test(method)) throw malformed("Request without a method");
  if (protocol !== undefined && (method !== "CONNECT" || !extendedConnect)) {
    throw malformed("Field :protocol where it may not be");
  }
  const authority = authorityOf(fields);
  const target = method === "CONNECT" && protocol === undefined
    ? tunnelTarget(fields, authority)
    : resourceTarget(fields, method);
  const contentLength = contentLengthOf(fields.headers);
  return { method, protocol, authority, ...target, headers: joinCookies(fields), contentLength };
}

/** RFC 9114 section 4.3.1: `:authority` or `Host`, and the same when both are there. */
function authorityOf({ pseudo, headers }: Fields): string {
  const hosts = headers.filter(([name]) => name === "host").map(([, value]) => value);
  const authority = pseudo.get(":authority") ?? hosts[0] ?? "";
  if (hosts.length > 1 || (hosts[0] ?? authority) !== authority) throw malformed("Two hosts");
  if (!AUTHORITY.test(authority)) throw malformed("Request without a valid authority");
  return authority;
}

/** RFC 9114 section 4.4: `:authority` alone, with a port. */
function tunnelTarget({ pseudo }: Fields, authority: string): { scheme: string; path: string } {
  if (pseudo.has(":scheme") || pseudo.has(":path") || !/:\d+$/.test(authority)) {
    throw malformed("CONNECT without just a host and port");
  }
  return { scheme: "", path: "" };
}

function resourceTarget({ pseudo }: Fields, method: string): { scheme: string; path: string } {
  const [scheme, path] = [pseudo.get(":scheme") ?? "", pseudo.get(":path") ?? ""];
  if (!/^[a-z][a-z\d+.-]*$/i.test(scheme)) throw malformed("Request without a scheme");
  const asterisk = path === "*" && method === "OPTIONS";
  if (!asterisk && !PATH.test(path)) throw malformed("Request without a valid path");
  return { scheme, path };
}

function joinCookies({ headers }: Fields): readonly FieldLine[] {
  const cookies = headers.filter(([name]) => name === "cookie").map(([, value]) => value);
  if (cookies.length < 2) return headers;
  return [...headers.filter(([name]) => name !== "cookie"), ["cookie", cookies.join("; ")]];
}
