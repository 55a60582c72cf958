import { StoreBackendError, type StoreFault, StoreSerializationError } from "../errors.ts";

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const FAULTS: ReadonlyMap<number, StoreFault> = new Map<number, StoreFault>([
  [5, "locked"], // SQLITE_BUSY
  [6, "locked"], // SQLITE_LOCKED
  [8, "unavailable"], // SQLITE_READONLY
  [10, "unavailable"], // SQLITE_IOERR
  [11, "corrupt"], // SQLITE_CORRUPT
  [13, "full"], // SQLITE_FULL
  [14, "unavailable"], // SQLITE_CANTOPEN
  [26, "corrupt"], // SQLITE_NOTADB
]);

/** Errors of `exec` carry no code. */
const MESSAGES: readonly (readonly [RegExp, StoreFault])[] = [
  [/database (table )?is locked|database schema is locked/, "locked"],
  [/malformed|not a database/, "corrupt"],
  [/disk is full/, "full"],
  [/database is not open|statement has been finalized/, "closed"],
  [/unable to open|readonly|disk I\/O/, "unavailable"],
];

/** Says in terms of a store what SQLite said in its own; other errors pass as they are. */
export function storeError(error: unknown, path: string): unknown {
  if (error instanceof StoreBackendError || error instanceof StoreSerializationError) return error;
  const fault = faultOf(error);
  if (!fault) return error;
  return new StoreBackendError(fault, `${TEXTS[fault]} "${path}"${ADVICE[fault] ?? ""}`, {
    cause: error,
  });
}

/** Whether trying again may help. */
export function isLocked(error: unknown): boolean {
  return error instanceof StoreBackendError && error.fault === "locked";
}

const TEXTS: Readonly<Record<StoreFault, string>> = {
  locked: "Another program holds the lock of",
  corrupt: "Cannot read the damaged database",
  full: "No space is left for",
  closed: "Cannot use the closed store",
  unavailable: "Cannot read or write",
  newer: "Cannot read the newer database",
  failed: "Cannot use",
};

const ADVICE: Readonly<Partial<Record<StoreFault, string>>> = {
  corrupt: ': put a backup in its place with "alknet store restore FILE"',
};

function faultOf(error: unknown): StoreFault | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = (error as { errcode?: unknown }).errcode;
  if (typeof code === "number") return FAULTS.get(code & 0xff);
  return MESSAGES.find(([pattern]) => pattern.test(error.message))?.[1];
}
