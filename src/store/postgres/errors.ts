import { StoreBackendError, type StoreFault } from "../errors.ts";
import type { DriverFault } from "./driver_fault.ts";

/** What a write does about an error. */
export type Remedy = "again" | "reconnect" | "none";

/** What is wrong, and what to do about it. */
type Verdict = readonly [fault: StoreFault, why: string];

const RETRY_STATES: readonly string[] = ["40001", "40P01"];
const SHUTDOWN_STATES: readonly string[] = ["57P01", "57P02", "57P03", "57P05", "25P03"];
const TOO_MANY = "53300";

/** By SQLSTATE, else by its class of two characters (PostgreSQL manual, appendix A). */
const SERVER: Readonly<Record<string, Verdict>> = {
  "08": ["unavailable", "the connection failed"],
  "22021": ["failed", "a text is not valid in the encoding of the database; it must be UTF8"],
  "25006": ["unavailable", "the server takes no writes; use the URL of the primary server"],
  "25P03": ["locked", "the transaction was idle for too long"],
  "28": ["unavailable", "the server refused to log in; check user and password of the store's URL"],
  "3D000": ["unavailable", "there is no such database; make it with createdb"],
  "3F000": ["failed", "there is no schema to make tables in; check search_path"],
  "40": ["locked", "other transactions were in the way too often"],
  "42501": ["failed", "the user lacks a privilege; grant CREATE on the schema, or own the tables"],
  "53100": ["full", "the server's disk is full; free some space there"],
  "53200": ["unavailable", "the server is out of memory"],
  "53300": ["unavailable", "the server has no connection left; raise its max_connections"],
  "55P03": ["locked", "waited too long for other writers"],
  "57014": ["failed", "a statement took too long and was stopped"],
  "57": ["unavailable", "the server is starting or stopping"],
  "58": ["failed", "the server met an error of its system; see its log"],
  "XX001": ["corrupt", "its data are damaged; see the server's log, restore a backup"],
  "XX002": ["corrupt", "an index is damaged; run REINDEX"],
};

const CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; check that the server runs and the URL is right",
  ENOTFOUND: "the host name is not known; check the URL",
  EAI_AGAIN: "the host name cannot be looked up now; check DNS",
  EHOSTUNREACH: "the host cannot be reached; check the network",
  ENETUNREACH: "the network cannot be reached",
  ENOENT: "there is no such socket; check that the server runs and the directory is right",
  EACCES: "the socket may not be used by this user",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name; check the host of the URL",
};

const BY_MESSAGE: ReadonlyArray<readonly [text: RegExp, why: string]> = [
  [/does not support SSL/i, "it offers no TLS; switch it on there, or add sslmode=disable"],
  [
    /certificate|UnknownIssuer/i,
    "its certificate is not trusted; add sslrootcert=FILE with the CA to the URL",
  ],
  [/time(d )?out/i, "it does not answer in time; check host, port and firewall"],
  [/password must be a string|no password/i, "it wants a password; put one into the URL"],
];

/** Makes the mapping of a database, which the messages name by its label. */
export function faultMapper(label: string): (fault: DriverFault) => StoreBackendError {
  return (fault) => {
    const [kind, why] = verdict(fault);
    const { cause } = fault;
    return new StoreBackendError(kind, `Cannot use PostgreSQL at "${label}": ${why}`, { cause });
  };
}

function verdict({ kind, code, message }: DriverFault): Verdict {
  switch (kind) {
    case "server":
      // The server's text may quote values, so it is left to the cause.
      return SERVER[code] ?? SERVER[code.slice(0, 2)] ??
        ["failed", `the server refused a statement (SQLSTATE ${code})`];
    case "queue":
      return ["locked", "every connection was busy for too long"];
    case "closed":
      return ["closed", "the store is closed"];
    case "connection":
      return ["unavailable", connectionText(code, message)];
  }
}

function connectionText(code: string, message: string): string {
  const text = CONNECTION[code] ?? BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];
  return text ?? "the connection was lost; check that the server runs";
}

/** What a write that met an error is to do, as long as its time lasts. */
export function remedyOf(error: unknown): Remedy {
  if (!(error instanceof StoreBackendError)) return "none";
  const state = sqlState(error.cause);
  if (state === undefined) return error.fault === "unavailable" ? "reconnect" : "none";
  if (RETRY_STATES.includes(state)) return "again";
  const passing = SHUTDOWN_STATES.includes(state) || state === TOO_MANY || state.startsWith("08");
  return passing ? "reconnect" : "none";
}

function sqlState(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null || !("severity" in cause)) return undefined;
  return "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}
