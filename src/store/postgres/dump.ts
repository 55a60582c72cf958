import { StoreBackendError } from "../errors.ts";
import { backupFile } from "../sqlite/backup_file.ts";
import type { PostgresTarget } from "./url.ts";

const PROGRAM = "pg_dump";
/** Where Debian keeps what the system trusts; libpq 15 has no name for it. */
const SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Copies the database to a new file with `pg_dump`, which reads one snapshot while others write.
 * `pg_restore` reads the file.
 *
 * @throws {StoreBackendError} When the file exists or cannot be written, or `pg_dump` fails.
 */
export async function dump(target: PostgresTarget, path: string): Promise<void> {
  await backupFile(path, (unfinished) => run(target, unfinished));
}

async function run(target: PostgresTarget, path: string): Promise<void> {
  const { code, stderr } = await spawn(target, path);
  if (code === 0) return;
  const last = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
  throw new StoreBackendError("failed", `Cannot back up "${target.label}": ${last}`);
}

async function spawn(target: PostgresTarget, path: string): Promise<Deno.CommandOutput> {
  try {
    return await new Deno.Command(PROGRAM, {
      args: ["--format=custom", "--no-owner", "--no-password", `--file=${path}`],
      env: environment(target),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
  } catch (cause) {
    const message = `Cannot back up "${target.label}": ${PROGRAM} cannot be run; install ` +
      "postgresql-client, of the server's version or newer";
    throw new StoreBackendError("failed", message, { cause });
  }
}

/** Arguments are seen by every user of the machine, the environment by the owner only. */
function environment(target: PostgresTarget): Record<string, string> {
  const { host, port, user, password, database, tls } = target;
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: database,
    PGAPPNAME: "alknet backup",
    PGSSLMODE: tls ? "verify-full" : "disable",
    ...(tls && { PGSSLROOTCERT: tls.caPath ?? SYSTEM_CA }),
    ...(user !== undefined && { PGUSER: user }),
    ...(password !== undefined && { PGPASSWORD: password }),
  };
}
