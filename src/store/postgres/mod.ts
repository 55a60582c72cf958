/**
 * The backend for several machines: a PostgreSQL database, version 12 or later.
 *
 * @module
 */
import type { Backend, BackendOptions } from "../backend.ts";
import { PostgresBackend } from "./postgres_backend.ts";

/**
 * Opens a PostgreSQL database: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETER=VALUE`.
 *
 * | parameter     | meaning                                                                        |
 * | ------------- | ------------------------------------------------------------------------------ |
 * | `sslmode`     | `verify-full` (so are `verify-ca` and `require` taken) or `disable`            |
 * | `sslrootcert` | file of certificates to trust instead of the system's                          |
 * | `host`        | directory of a Unix socket, as in `postgres:///alknet?host=/run/postgresql`    |
 * | `user`        | who logs in, where the URL has no host to put a user before                    |
 *
 * TLS is on by default, except for loopback addresses and Unix sockets; with it the certificate and
 * its name are always checked. Without a password in the URL, that of `PGPASSWORD` is used. LISTEN
 * needs a session: connect directly, or through a pooler in session mode.
 *
 * @param url Where the database is. Its password shows up in no error, log or list of processes.
 * @throws {StoreUrlError} For a URL that is none.
 * @throws {StoreBackendError} When it cannot be opened; the message says what to do.
 *
 * @example
 * ```ts
 * import { openStore, StoreBackendError } from "@alknet/store";
 * import { rejects } from "node:assert/strict";
 *
 * const nobodyListens = openStore("postgres://alknet:secret@127.0.0.1:1/alknet");
 * await rejects(nobodyListens, StoreBackendError);
 * ```
 */
export function openPostgres(url: string, options: BackendOptions = {}): Promise<Backend> {
  return PostgresBackend.open(url, options);
}
