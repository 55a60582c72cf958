import { StoreBackendError } from "../errors.ts";

/**
 * Which file a path leads to: a restored backup is another one. Asks for the status only; the
 * database is never opened outside SQLite, since closing it again drops SQLite's locks.
 *
 * @throws {StoreBackendError} When there is none.
 */
export function fileIdentity(path: string): string {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    throw new StoreBackendError("unavailable", `Cannot find the database "${path}"`, {
      cause: error,
    });
  }
}

/** Creates an empty database file that only its owner can read, unless there is one. */
export function createPrivateFile(path: string): void {
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw new StoreBackendError("unavailable", `Cannot create the database "${path}"`, {
      cause: error,
    });
  }
}
