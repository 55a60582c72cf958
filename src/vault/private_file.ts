/** Files that only their owner may read, written so that a crash leaves the old one or the new one. */
import { basename, dirname, join } from "node:path";

import { randomBytes, wipe } from "./bytes.ts";

const OWNER_ONLY = 0o600;

/** What {@linkcode readBounded} reads. */
export interface BoundedFile {
  /** Content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** State of the very file that was read, not of the path. */
  readonly info: Deno.FileInfo;
}

/**
 * Reads a regular file of at most `maxBytes`.
 *
 * @returns Content and state, or undefined where it is no regular file or a larger one.
 */
export async function readBounded(
  path: string,
  maxBytes: number,
): Promise<BoundedFile | undefined> {
  // Opening a FIFO would wait for a writer, so what it is has to be known before.
  if (!(await Deno.stat(path)).isFile) return undefined;
  using file = await Deno.open(path, { read: true });
  const info = await file.stat();
  const buffer = new Uint8Array(maxBytes + 1);
  const length = await readUpTo(file, buffer);
  const bytes = buffer.slice(0, length);
  wipe(buffer);
  return info.isFile && length <= maxBytes ? { bytes, info } : undefined;
}

/** Replaces the file at `path`, or makes it. Follows a symbolic link instead of replacing it. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const target = await realPath(path);
  await withTemporary(target, bytes, (temporary) => Deno.rename(temporary, target));
}

/** Makes a file; rejects with `Deno.errors.AlreadyExists` where there is one. */
export async function createFile(path: string, bytes: Uint8Array): Promise<void> {
  await withTemporary(path, bytes, async (temporary) => {
    // A hard link appears whole or not at all and, other than a rename, never replaces a file.
    await Deno.link(temporary, path);
    await Deno.remove(temporary);
  });
}

/** Makes names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

async function withTemporary(
  target: string,
  bytes: Uint8Array,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const directory = dirname(target);
  const temporary = join(directory, `.${basename(target)}.${randomBytes(8).toHex()}.tmp`);
  try {
    await writeDurably(temporary, bytes);
    await publish(temporary);
  } catch (error) {
    await removeIfPresent(temporary);
    throw error;
  }
  await syncDirectory(directory);
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: OWNER_ONLY });
  for (let offset = 0; offset < bytes.length;) {
    offset += await file.write(bytes.subarray(offset));
  }
  await file.sync();
}

/** Removes a file; whether there was one. */
export async function removeIfPresent(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function readUpTo(file: Deno.FsFile, buffer: Uint8Array): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
  }
  return length;
}

async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}
