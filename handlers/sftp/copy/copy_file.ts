import { type FileStat, READ_MODE } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { statIfThere } from "../stat_if_there.ts";
import { joinPath, splitPath } from "../virtual_path.ts";
import { isFile } from "../wire/attributes.ts";
import { StatusCode } from "../wire/codes.ts";
import { copyContents } from "./copy_contents.ts";
import { modeFor, timesAndMode } from "./modes.ts";
import type { CopyOptions, Place } from "./place.ts";
import { chunkOf, readSmall, writeSmall } from "./small_file.ts";
import { verifyCopy } from "./verify.ts";

const WINDOW_BYTES = 8_388_608;
/** Files from here on are copied under a name of their own first, by which they can be resumed. */
const RESUMABLE_BYTES = 1_048_576;
const NAME_CHARACTERS = 180;

/**
 * Copies one file, contents and on request times and permissions. What is there is replaced.
 *
 * From 1 MiB on it is copied as `.NAME.SIZE-TIME.part` beside its goal and renamed at the end, so
 * the goal is never half a file. The name says which source it is of: if a copy was broken off and
 * the source is still the same, the next one goes on from there, but for the last window, whose
 * chunks may have arrived in any order.
 *
 * @param source The file.
 * @param goal Where to; its directory has to be there.
 * @param options How.
 * @returns What the source was.
 * @throws {SftpError} When one of the sides refuses.
 * @throws {VerifyError} When the copy differs from its source.
 *
 * @example
 * ```ts
 * import { copyFile, memoryFiles, READ_MODE } from "@alknet/sftp";
 * import { strictEqual } from "node:assert/strict";
 *
 * const [here, there] = [memoryFiles(), memoryFiles()];
 * const mode = { ...READ_MODE, read: true, write: true, create: true };
 * const file = await here.open("/a", mode);
 * await file.write(new TextEncoder().encode("hello"), 0);
 * await copyFile({ files: here, path: "/a" }, { files: there, path: "/b" });
 * strictEqual((await there.stat("/b")).size, 5);
 * ```
 */
export async function copyFile(
  source: Place,
  goal: Place,
  options: CopyOptions & { readonly stat?: FileStat } = {},
): Promise<FileStat> {
  const stat = options.stat ?? await source.files.stat(source.path);
  if (!isFile(stat)) throw new SftpError(StatusCode.Failure, "Not a plain file");
  if (stat.size < RESUMABLE_BYTES) await copySmall(source, goal, stat, options);
  else await copyLarge(source, goal, stat, options);
  if (options.verify) await verifyCopy(source, goal, options.signal);
  return stat;
}

async function copySmall(
  source: Place,
  goal: Place,
  stat: FileStat,
  options: CopyOptions,
): Promise<void> {
  const contents = await readSmall(source, stat.size);
  await writeSmall(goal, contents, stat, options);
  options.onBytes?.(contents.length);
}

async function copyLarge(
  source: Place,
  goal: Place,
  stat: FileStat,
  options: CopyOptions,
): Promise<void> {
  const { windowBytes = WINDOW_BYTES, resume = true, onBytes, signal } = options;
  const part = { files: goal.files, path: partPath(goal.path, stat) };
  const from = await source.files.open(source.path, READ_MODE);
  try {
    const begin = resume ? await resumeAt(part, stat, windowBytes) : 0;
    const mode = { ...modeFor(stat, options), truncate: begin === 0 };
    const to = await goal.files.open(part.path, mode);
    try {
      onBytes?.(begin);
      const chunkBytes = Math.min(chunkOf(source.files), chunkOf(goal.files));
      const range = { begin, end: stat.size, chunkBytes, windowBytes, onBytes, signal };
      const end = await copyContents(from, to, range);
      if (end < stat.size) throw new SftpError(StatusCode.Failure, "File became shorter meanwhile");
      if (options.preserve) await to.setstat(timesAndMode(stat));
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  await replace(part, goal);
}

/** How much of an earlier copy is certainly there. */
async function resumeAt(part: Place, stat: FileStat, windowBytes: number): Promise<number> {
  const found = await statIfThere(part.files, part.path, { follow: false });
  if (!found || !isFile(found) || found.size > stat.size) return 0;
  return Math.max(0, found.size - windowBytes);
}

/** The name of a copy that is not complete: of this source, as it is now. */
function partPath(goal: string, { size, mtime }: FileStat): string {
  const { parent, name } = splitPath(goal);
  const tag = `${size.toString(36)}-${Math.floor(mtime).toString(36)}`;
  return joinPath(parent, `.${name.slice(0, NAME_CHARACTERS)}.${tag}.part`);
}

/** Servers without `posix-rename` do not rename to a name that is taken. */
async function replace(part: Place, goal: Place): Promise<void> {
  try {
    await goal.files.rename(part.path, goal.path, { replace: true });
  } catch (error) {
    if (!(error instanceof SftpError) || error.status !== StatusCode.Failure) throw error;
    await goal.files.remove(goal.path);
    await goal.files.rename(part.path, goal.path, { replace: true });
  }
}
