import { parseAddressBytes } from "./address_bytes.ts";
import { ProxyProtocolError } from "./errors.ts";
import type { Parsed } from "./parsed.ts";
import type { ProxyRequest } from "./proxy_request.ts";

/** First byte of SOCKS 5. */
export const SOCKS5 = 5;

/** Authentication methods (RFC 1928 section 3). */
export const Method = { None: 0, Password: 2, NoneAcceptable: 0xff } as const;

/** Version of the password exchange (RFC 1929 section 2). */
const PASSWORD_VERSION = 1;

/** The methods a client offers; undefined when more bytes are needed. */
export function parseGreeting(bytes: Uint8Array): Parsed<number[]> | undefined {
  const count = bytes[1];
  if (count === undefined || bytes.length < 2 + count) return undefined;
  return { value: [...bytes.subarray(2, 2 + count)], used: 2 + count };
}

/** The answer to a greeting. */
export function methodReply(method: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([SOCKS5, method]);
}

/** Name and password as the client gave them (RFC 1929). */
export interface ProxyCredentials {
  /** At most 255 bytes, as UTF-8 as far as it is. */
  readonly user: string;
  /** The same. */
  readonly password: string;
}

/**
 * Reads name and password; undefined when more bytes are needed.
 *
 * @throws {ProxyProtocolError} For another version of the exchange.
 */
export function parseCredentials(bytes: Uint8Array): Parsed<ProxyCredentials> | undefined {
  const [version, userLength] = bytes;
  if (version === undefined) return undefined;
  if (version !== PASSWORD_VERSION) {
    throw new ProxyProtocolError(`Password exchange of version ${version}`);
  }
  if (userLength === undefined) return undefined;
  const passwordAt = 2 + userLength + 1;
  const passwordLength = bytes[passwordAt - 1];
  if (passwordLength === undefined || bytes.length < passwordAt + passwordLength) return undefined;
  const decoder = new TextDecoder();
  const user = decoder.decode(bytes.subarray(2, passwordAt - 1));
  const password = decoder.decode(bytes.subarray(passwordAt, passwordAt + passwordLength));
  return { value: { user, password }, used: passwordAt + passwordLength };
}

/** The answer to name and password. */
export function credentialsReply(accepted: boolean): Uint8Array<ArrayBuffer> {
  return new Uint8Array([PASSWORD_VERSION, accepted ? 0 : 1]);
}

const COMMANDS: ReadonlyMap<number, ProxyRequest["command"]> = new Map([
  [1, "connect"],
  [3, "udp-associate"],
]);

/** Reply codes that end a request that cannot be understood (RFC 1928 section 6). */
const REPLY_COMMAND = 7;
const REPLY_ADDRESS_TYPE = 8;

/**
 * Reads a request (RFC 1928 section 4); undefined when more bytes are needed.
 *
 * @throws {ProxyProtocolError} With the reply for commands and addresses that are not supported;
 * `BIND` is one: nothing dials back through a proxy of ours.
 */
export function parseRequest5(bytes: Uint8Array): Parsed<ProxyRequest> | undefined {
  const [version, code, , type] = bytes;
  if (version !== undefined && version !== SOCKS5) {
    throw new ProxyProtocolError(`SOCKS request of version ${version}`);
  }
  if (code === undefined || type === undefined) return undefined;
  const command = COMMANDS.get(code);
  if (!command) throw refused(`SOCKS command ${code} is not supported`, REPLY_COMMAND);
  let address;
  try {
    address = parseAddressBytes(bytes.subarray(3));
  } catch (error) {
    throw refused("SOCKS address is not supported", REPLY_ADDRESS_TYPE, error);
  }
  if (!address) return undefined;
  const value: ProxyRequest = { protocol: "socks5", command, destination: address.value };
  return { value, used: 3 + address.used };
}

function refused(message: string, code: number, cause?: unknown): ProxyProtocolError {
  const reply = new Uint8Array([SOCKS5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
  return new ProxyProtocolError(message, { reply, cause });
}
