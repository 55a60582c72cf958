import { parseHostname, portAt } from "./address_bytes.ts";
import { ProxyProtocolError } from "./errors.ts";
import type { Parsed } from "./parsed.ts";
import type { ProxyRequest } from "./proxy_request.ts";

/** First byte of SOCKS 4. */
export const SOCKS4 = 4;

const CONNECT = 1;
const HEADER_BYTES = 8;

/** The answer of SOCKS 4 that means no. */
export const SOCKS4_REJECTED: Uint8Array<ArrayBuffer> = new Uint8Array([0, 91, 0, 0, 0, 0, 0, 0]);

/**
 * Reads a request of SOCKS 4, or 4a where the address is `0.0.0.x`: then a name follows the user.
 * The user is read and not believed; undefined when more bytes are needed.
 *
 * @throws {ProxyProtocolError} With the reply, for `BIND` and for names that are none.
 */
export function parseRequest4(bytes: Uint8Array): Parsed<ProxyRequest> | undefined {
  const code = bytes[1];
  if (code === undefined || bytes.length < HEADER_BYTES) return undefined;
  if (code !== CONNECT) throw rejected(`SOCKS 4 command ${code} is not supported`);
  const userEnd = bytes.indexOf(0, HEADER_BYTES);
  if (userEnd === -1) return undefined;
  const port = portAt(bytes, 2);
  const address = bytes.subarray(4, HEADER_BYTES);
  if (!isNamed(address)) return request({ hostname: address.join("."), port }, userEnd + 1);
  const nameEnd = bytes.indexOf(0, userEnd + 1);
  if (nameEnd === -1) return undefined;
  try {
    const hostname = parseHostname(bytes.subarray(userEnd + 1, nameEnd));
    return request({ hostname, port }, nameEnd + 1);
  } catch (error) {
    throw rejected("SOCKS 4a name is none", error);
  }
}

function isNamed([a, b, c, d]: Uint8Array): boolean {
  return a === 0 && b === 0 && c === 0 && d !== 0;
}

function request(destination: ProxyRequest["destination"], used: number): Parsed<ProxyRequest> {
  return { value: { protocol: "socks4", command: "connect", destination }, used };
}

function rejected(message: string, cause?: unknown): ProxyProtocolError {
  return new ProxyProtocolError(message, { reply: SOCKS4_REJECTED, cause });
}
