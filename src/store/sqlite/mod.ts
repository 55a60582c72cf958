/**
 * The embedded backend: one SQLite file, shared by the processes of one machine.
 *
 * @module
 */
import type { Backend, BackendOptions } from "../backend.ts";
import { SqliteBackend } from "./sqlite_backend.ts";

/**
 * Opens an SQLite file.
 *
 * @param path The file; it and its directory are created where they are missing.
 * @throws {StoreBackendError} When it cannot be opened.
 */
export function openSqlite(path: string, options: BackendOptions = {}): Promise<Backend> {
  return SqliteBackend.open(path, options);
}
