import mime from "mime";

import type { Version } from "./conditional.ts";
import { acceptedCodings, storedCodings } from "./content_coding.ts";
import { isAbsent, pathWithin } from "./file_path.ts";

const READ_BYTES = 65_536;

/** A file that is open: what is said of it before it is sent can be kept. */
export interface ServedFile extends Disposable {
  /** In bytes. */
  readonly size: number;
  /** What tells it from what was there before. */
  readonly version: Version;
  /** Its content type. */
  readonly type: string;
  /** The coding it is stored in. */
  readonly coding?: string | undefined;
  /** Part of it; closes the file at its end, and when nobody reads on. To be called once. */
  read(first: number, length: number): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Where a file is. */
export interface FileChoice {
  /** What it must lie in, whatever links lead to. */
  readonly root: string;
  /** The file, with links resolved. */
  readonly path: string;
  /** What the client takes. */
  readonly acceptEncoding: string | null;
}

/**
 * Opens a file, or the one beside it that holds the same in a coding the client takes.
 *
 * @returns Undefined for what is no file, or cannot be read.
 */
export async function openFile(
  { root, path, acceptEncoding }: FileChoice,
): Promise<ServedFile | undefined> {
  const type = typeOf(path);
  const plain = await opened(path, type);
  if (!plain) return undefined;
  for (const [coding, ending] of storedCodings(acceptedCodings(acceptEncoding))) {
    const beside = await pathWithin(root, path + ending);
    const stored = beside && await opened(beside, type, coding);
    if (!stored) continue;
    const outdated = stored.version.modifiedAt < plain.version.modifiedAt;
    (outdated ? stored : plain)[Symbol.dispose]();
    if (!outdated) return stored;
  }
  return plain;
}

async function opened(
  path: string,
  type: string,
  coding?: string,
): Promise<ServedFile | undefined> {
  try {
    if (!(await Deno.stat(path)).isFile) return undefined; // a pipe would wait for its writer
    const file = await Deno.open(path);
    const { size, mtime } = await file.stat();
    const modifiedAt = mtime ?? new Date(0);
    const etag = `"${modifiedAt.getTime().toString(36)}-${size.toString(36)}${coding ?? ""}"`;
    return {
      size,
      version: { etag, modifiedAt },
      type,
      coding,
      read: (first, length) => bytesOf(file, first, length),
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function typeOf(path: string): string {
  const type = mime.getType(path) ?? "application/octet-stream";
  return /^text\/|javascript$|json$/.test(type) ? `${type}; charset=utf-8` : type;
}

function bytesOf(
  file: Deno.FsFile,
  first: number,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source = partOf(file, first, length);
  return new ReadableStream({
    async pull(controller): Promise<void> {
      try {
        const { done, value } = await source.next();
        if (!done) return controller.enqueue(value);
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
      controller.close();
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}

async function* partOf(
  file: Deno.FsFile,
  first: number,
  length: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  await file.seek(first, Deno.SeekMode.Start);
  for (let left = length; left > 0;) {
    const buffer = new Uint8Array(Math.min(READ_BYTES, left));
    const count = await file.read(buffer);
    if (count === null) return; // it has become shorter: the length in the head tells
    left -= count;
    yield buffer.subarray(0, count);
  }
}
