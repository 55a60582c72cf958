import { StoreUrlError } from "./errors.ts";
import { sqlitePath } from "./store.ts";

/**
 * Puts a backup in the place of an SQLite store; running nodes notice and go on with it. A
 * PostgreSQL store is restored with PostgreSQL's own tools.
 *
 * @param url The store's URL; its file may be damaged or missing.
 * @param backup A file made by `backup`; stays as it is.
 * @throws {StoreUrlError} For any URL but one of SQLite.
 * @throws {StoreBackendError} When the backup is damaged; the store stays as it is then.
 */
export async function restoreStore(url: string, backup: string): Promise<void> {
  const path = sqlitePath(url);
  if (path === undefined) {
    throw new StoreUrlError("Cannot restore: use pg_restore or psql for a PostgreSQL store");
  }
  const { restoreFile } = await import("./sqlite/restore.ts");
  await restoreFile(path, backup);
}
