import { getLogger } from "@logtape/logtape";
import { dirname } from "node:path";
import { DEFAULT_LOCK_TIMEOUT_MS } from "../backend.ts";
import { StoreBackendError } from "../errors.ts";
import { Bell } from "./bell.ts";
import { SqliteConnection } from "./connection.ts";
import { Jobs } from "./jobs.ts";
import { isLocked, storeError } from "./sqlite_errors.ts";

const log = getLogger(["alknet", "store"]);
const RETRY_MS = 10;

/**
 * Puts a backup in the place of a database. Running processes notice and go on with it: what they
 * commit until then is refused or made again on the restored one, never lost half-way.
 *
 * @param path The database; may be damaged or missing.
 * @param backup The backup; stays as it is.
 * @throws {StoreBackendError} When the backup is damaged, or writers do not let go in time; the
 * database stays as it is then.
 */
export async function restoreFile(path: string, backup: string): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID().slice(0, 8)}.restore`;
  try {
    await copyAndCheck(backup, unfinished);
    await replace(path, unfinished);
  } catch (error) {
    throw storeError(error, backup);
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) {
      await Deno.remove(`${unfinished}${suffix}`).catch(() => {}); // renamed, or never there
    }
  }
  const bell = Bell.open(path, () => {}, (error) => log.warn("store.bell.failed", { error }));
  bell.ring();
  bell[Symbol.dispose]();
}

async function copyAndCheck(backup: string, unfinished: string): Promise<void> {
  await Deno.stat(backup).catch((cause) => {
    throw new StoreBackendError("unavailable", `Cannot read the backup "${backup}"`, { cause });
  });
  await using jobs = new Jobs();
  (await Deno.open(unfinished, { createNew: true, write: true, mode: 0o600 })).close();
  await jobs.run({ kind: "backup", path: backup, target: unfinished });
  const problems = await jobs.run({ kind: "check", path: unfinished });
  if (problems.length > 0) {
    throw new StoreBackendError(
      "corrupt",
      `Cannot restore the damaged backup "${backup}": ${problems[0]}`,
    );
  }
  using file = await Deno.open(unfinished);
  await file.sync();
}

/**
 * The write lock is held meanwhile, so every commit is either before or finds the new file. The log
 * of the old file goes first: applied to the new one it would ruin it.
 */
async function replace(path: string, unfinished: string): Promise<void> {
  using _lock = await lockFor(path);
  await Deno.remove(`${path}-wal`).catch(() => {}); // there is none after a clean end
  await Deno.remove(`${path}-shm`).catch(() => {});
  await Deno.rename(unfinished, path);
  using directory = await Deno.open(dirname(path));
  await directory.sync();
}

async function lockFor(path: string): Promise<Disposable> {
  const deadline = performance.now() + DEFAULT_LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      return lock(path);
    } catch (error) {
      const fault = error instanceof StoreBackendError ? error.fault : undefined;
      if (fault === "corrupt" || !await exists(path)) return { [Symbol.dispose]: () => {} };
      if (!isLocked(error) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function lock(path: string): Disposable {
  Deno.statSync(path); // opening would create it
  const connection = new SqliteConnection(path, false);
  try {
    connection.exec("begin immediate");
    return { [Symbol.dispose]: () => connection.close() };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
