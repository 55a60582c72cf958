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

/** As {@linkcode fileIdentity}, of the write-ahead log beside a database; undefined for none. */
export function logIdentity(path: string): string | undefined {
  try {
    return fileIdentity(`${path}-wal`);
  } catch {
    return undefined; // there is none
  }
}

/**
 * Removes the log that a replaced database left behind: SQLite would apply it to the new one and
 * ruin it. Whoever opens a replaced file does this first, one process at a time.
 *
 * @param stale What {@linkcode logIdentity} said of the old database's log.
 */
export async function removeStaleLog(path: string, stale: string | undefined): Promise<void> {
  if (stale === undefined) return;
  using lock = await Deno.open(`${path}.bell/ring`, { create: true, write: true, mode: 0o600 });
  await lock.lock(true);
  if (logIdentity(path) !== stale) return;
  await Deno.remove(`${path}-wal`);
  await Deno.remove(`${path}-shm`).catch(() => {}); // never there without the log
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
