import { StoreUrlError } from "../errors.ts";

/** Where a server is and how to log in, read from a URL. */
export interface PostgresTarget {
  /** A name, an address, or the directory of a Unix socket (it begins with `/`). */
  readonly host: string;
  /** TCP port, or the number in the name of the Unix socket. */
  readonly port: number;
  /** Undefined: `PGUSER`, or the user of this process. */
  readonly user: string | undefined;
  /** Undefined: `PGPASSWORD`. */
  readonly password: string | undefined;
  readonly database: string;
  /** Undefined: no TLS. */
  readonly tls: PostgresTls | undefined;
  /** What errors and logs may show: no password. */
  readonly label: string;
}

/** How the server's certificate is checked: always, name included. */
export interface PostgresTls {
  /** File of certificates to trust instead of those the system trusts. */
  readonly caPath: string | undefined;
}

const PARAMETERS: readonly string[] = ["host", "sslmode", "sslrootcert", "user"];
const ENCRYPTED: readonly string[] = ["require", "verify-ca", "verify-full"];
const EXAMPLE = "postgres://USER:PASSWORD@HOST:5432/DATABASE";

/**
 * Reads a `postgres://` URL. TLS is off for loopback addresses and Unix sockets, on for every other
 * host, and with it the certificate is always verified; `sslmode=disable` switches it off.
 *
 * @throws {StoreUrlError} For a URL that is none, or asks for what is not offered. The message
 * shows no part of it that may be secret.
 */
export function parsePostgresUrl(text: string): PostgresTarget {
  const url = toUrl(text);
  const parameters = readParameters(url);
  const host = parameters.get("host") ?? (unbracket(decode(url.hostname)) || "127.0.0.1");
  const port = url.port === "" ? 5432 : Number(url.port);
  const database = readDatabase(url);
  const user = parameters.get("user") ?? (decode(url.username) || undefined);
  return {
    host,
    port,
    user,
    password: decode(url.password) || undefined,
    database,
    tls: readTls(parameters, host),
    label: `${user === undefined ? "" : `${user}@`}${host}:${port}/${database}`,
  };
}

function toUrl(text: string): URL {
  const url = URL.parse(text);
  // The parser's own error would show the URL, password included: it is not passed on.
  if (!url) throw refusal(`it is not of the form ${EXAMPLE}; percent-encode the password`);
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw refusal(`it begins with "${url.protocol}"; write ${EXAMPLE}`);
  }
  return url;
}

function readDatabase({ pathname, hash }: URL): string {
  // A slash or number sign that belongs to a password ends up here.
  if (/[/@]/.test(pathname.slice(1)) || hash !== "") {
    throw refusal("its path is not the name of a database; percent-encode the password");
  }
  const name = decode(pathname.slice(1));
  if (name === "") throw refusal(`it names no database; write ${EXAMPLE}`);
  return name;
}

function readParameters(url: URL): ReadonlyMap<string, string> {
  const parameters = new Map(url.searchParams);
  for (const name of parameters.keys()) {
    if (PARAMETERS.includes(name)) continue;
    // What is no word may be the rest of a password with a question mark in it.
    const shown = /^[a-z_]+$/.test(name) ? `parameter "${name}"` : "a parameter";
    throw refusal(`${shown} is not known; there are ${PARAMETERS.join(", ")}`);
  }
  return parameters;
}

function readTls(parameters: ReadonlyMap<string, string>, host: string): PostgresTls | undefined {
  const caPath = parameters.get("sslrootcert");
  const mode = parameters.get("sslmode") ?? (isLocal(host) && !caPath ? "disable" : "verify-full");
  if (mode === "disable") return undefined;
  if (ENCRYPTED.includes(mode)) return { caPath };
  throw refusal(`sslmode "${mode}" is not offered; use verify-full, or disable`);
}

function isLocal(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" ||
    /^127\.\d+\.\d+\.\d+$/.test(host);
}

function unbracket(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refusal("a percent sign in it is not followed by two hexadecimal digits; write %25");
  }
}

function refusal(why: string): StoreUrlError {
  return new StoreUrlError(`Cannot read the store's PostgreSQL URL: ${why}`);
}
