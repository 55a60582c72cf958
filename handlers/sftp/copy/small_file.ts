import { type Files, type FileStat, type OpenFile, READ_MODE } from "../backend.ts";
import { modeFor, timesAndMode } from "./modes.ts";
import type { CopyOptions, Place } from "./place.ts";

const CHUNK_BYTES = 262_144;

/** Bytes that are best read or written at a time. */
export function chunkOf({ chunkBytes = CHUNK_BYTES }: Files): number {
  return chunkBytes;
}

/**
 * Reads a whole file of a known size. Where calls take effect in order it costs two round trips:
 * one to open it, and one to read and close it.
 */
export async function readSmall(source: Place, size: number): Promise<Uint8Array> {
  const contents = new Uint8Array(size);
  const file = await source.files.open(source.path, READ_MODE);
  if (source.files.inOrder) {
    const count = await thenClose(file, readAtOnce(source.files, file, contents));
    if (count === size) return contents;
    return await readOnceMore(source, contents); // shorter by now, or a server of short reads
  }
  try {
    return contents.subarray(0, await readInTurn(file, contents));
  } finally {
    await file.close();
  }
}

/** Writes a whole file, and on request its times and permissions. */
export async function writeSmall(
  goal: Place,
  contents: Uint8Array,
  stat: FileStat,
  options: CopyOptions,
): Promise<void> {
  const chunk = chunkOf(goal.files);
  const mode = { ...modeFor(stat, options), truncate: true };
  const file = await goal.files.open(goal.path, mode);
  const steps: (() => unknown)[] = [];
  for (let at = 0; at < contents.length; at += chunk) {
    steps.push(() => file.write(contents.subarray(at, at + chunk), at));
  }
  if (options.preserve) steps.push(() => file.setstat(timesAndMode(stat)));
  if (goal.files.inOrder) {
    return void await thenClose(file, Promise.all(steps.map((step) => step())));
  }
  try {
    for (const step of steps) await step();
  } finally {
    await file.close();
  }
}

/** Closes behind requests that have been sent; the first failure counts. */
async function thenClose<T>(file: OpenFile, sent: Promise<T>): Promise<T> {
  const [result, closed] = await Promise.allSettled([sent, file.close()]);
  if (result.status === "rejected") throw result.reason;
  if (closed.status === "rejected") throw closed.reason;
  return result.value;
}

async function readAtOnce(files: Files, file: OpenFile, contents: Uint8Array): Promise<number> {
  const chunk = chunkOf(files);
  const reads: (number | Promise<number>)[] = [];
  for (let at = 0; at < contents.length; at += chunk) {
    reads.push(file.read(contents.subarray(at, at + chunk), at));
  }
  return (await Promise.all(reads)).reduce((sum, count) => sum + count, 0);
}

async function readOnceMore(source: Place, contents: Uint8Array): Promise<Uint8Array> {
  const file = await source.files.open(source.path, READ_MODE);
  try {
    return contents.subarray(0, await readInTurn(file, contents));
  } finally {
    await file.close();
  }
}

async function readInTurn(file: OpenFile, contents: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < contents.length) {
    const count = await file.read(contents.subarray(filled), filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
