import { dirname } from "node:path";
import { StoreBackendError } from "../errors.ts";

/**
 * Makes a file appear under its name only when it is whole and on the disk.
 *
 * @param path Where it shall be; must not exist.
 * @param write Writes it under the name it is given.
 * @throws {StoreBackendError} When there is a file already, or it cannot be written.
 */
export async function backupFile(
  path: string,
  write: (unfinished: string) => Promise<unknown>,
): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID().slice(0, 8)}.unfinished`;
  try {
    (await Deno.open(unfinished, { createNew: true, write: true, mode: 0o600 })).close();
    await write(unfinished);
    await flush(unfinished);
    await Deno.link(unfinished, path); // unlike a rename, this spares a file that is there
    await flush(dirname(path));
  } catch (error) {
    if (error instanceof StoreBackendError) throw error;
    throw new StoreBackendError("unavailable", `Cannot write the backup "${path}"`, {
      cause: error,
    });
  } finally {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) {
      await Deno.remove(`${unfinished}${suffix}`).catch(() => {}); // most of them never were
    }
  }
}

async function flush(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}
