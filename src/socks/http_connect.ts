import { parseHostname } from "./address_bytes.ts";
import { ProxyProtocolError } from "./errors.ts";
import type { Parsed } from "./parsed.ts";
import type { ProxyRequest } from "./proxy_request.ts";
import type { ProxyCredentials } from "./socks5.ts";

/** What `CONNECT` said. */
export interface ConnectHead {
  /** The request. */
  readonly request: ProxyRequest;
  /** From `Proxy-Authorization: Basic` (RFC 7617), where there was one. */
  readonly credentials?: ProxyCredentials;
}

const encoder = new TextEncoder();

/**
 * Reads the head of an HTTP request for a tunnel (RFC 9110 section 9.3.6); undefined when more
 * bytes are needed.
 *
 * @throws {ProxyProtocolError} With the response, for other methods and malformed heads.
 */
export function parseConnect(bytes: Uint8Array): Parsed<ConnectHead> | undefined {
  const end = endOfHead(bytes);
  if (end === -1) return undefined;
  const [first = "", ...fields] = String.fromCharCode(...bytes.subarray(0, end)).split("\r\n");
  const [, method, authority = ""] = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === undefined) throw new ProxyProtocolError("Not HTTP", { reply: BAD_REQUEST });
  if (method !== "CONNECT") {
    throw new ProxyProtocolError(`HTTP method ${method} is no tunnel`, { reply: NO_TUNNEL });
  }
  const destination = parseAuthority(authority);
  const request: ProxyRequest = { protocol: "http", command: "connect", destination };
  return { value: { request, credentials: credentialsIn(fields) }, used: end + 4 };
}

/** A response without a body; the connection ends after anything but 200. */
export function httpResponse(status: string, fields: readonly string[] = []): Uint8Array {
  const end = status.startsWith("200") ? [] : ["Content-Length: 0", "Connection: close"];
  return encoder.encode([`HTTP/1.1 ${status}`, ...fields, ...end, "", ""].join("\r\n"));
}

const BAD_REQUEST = httpResponse("400 Bad Request");
const NO_TUNNEL = httpResponse("405 Method Not Allowed", ["Allow: CONNECT"]);

/** The answer where name and password are wanted. */
export const PASSWORD_WANTED: Uint8Array = httpResponse("407 Proxy Authentication Required", [
  'Proxy-Authenticate: Basic realm="proxy"',
]);

function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(13); at !== -1; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}

/** `host:port`, `[v6]:port`; a tunnel has no default port. */
function parseAuthority(text: string): ProxyRequest["destination"] {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ??
    [];
  const port = Number(digits);
  const bad = (cause?: unknown): ProxyProtocolError =>
    new ProxyProtocolError("Tunnel needs host:port", { reply: BAD_REQUEST, cause });
  if (!(port > 0 && port < 65_536)) throw bad();
  try {
    return { hostname: parseHostname(encoder.encode(bracketed ?? plain ?? "")), port };
  } catch (error) {
    throw bad(error);
  }
}

function credentialsIn(fields: readonly string[]): ProxyCredentials | undefined {
  const field = fields.find((each) => /^proxy-authorization:/i.test(each));
  const [, encoded = ""] = /^[^:]*:\s*basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(field ?? "") ?? [];
  if (encoded === "") return undefined;
  try {
    const text = new TextDecoder().decode(Uint8Array.fromBase64(encoded));
    const colon = text.indexOf(":");
    return colon === -1
      ? undefined
      : { user: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch (error) {
    throw new ProxyProtocolError("Credentials are not Base64", {
      reply: PASSWORD_WANTED,
      cause: error,
    });
  }
}
