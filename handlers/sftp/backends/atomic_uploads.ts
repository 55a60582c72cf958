import type { Awaitable, FileBackend, FileStat, OpenFile, OpenMode } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { statIfThere } from "../stat_if_there.ts";
import { joinPath, splitPath } from "../virtual_path.ts";
import type { FileAttributes } from "../wire/attributes.ts";
import { StatusCode } from "../wire/codes.ts";

const NAME_CHARACTERS = 180;

/**
 * The same files, in which uploads appear when they are complete: a file that is opened to be
 * written from its beginning is written under a name of its own and takes its place when it is
 * closed. If the session ends before, nothing changes. To this session alone the new file is there
 * from its opening on, as programs expect.
 *
 * Uploads that go on where an earlier one stopped are written in place: there is nothing to go on
 * from otherwise.
 *
 * @param files The files; the result is for one session.
 * @returns A backend.
 *
 * @example
 * ```ts
 * import { atomicUploads, memoryFiles, READ_MODE } from "@alknet/sftp";
 * import { rejects, strictEqual } from "node:assert/strict";
 *
 * const all = memoryFiles();
 * const files = atomicUploads(all);
 * const mode = { ...READ_MODE, read: false, write: true, create: true, truncate: true };
 * const file = await files.open("/a", mode);
 * await rejects(async () => await all.stat("/a"));
 * await file.close();
 * strictEqual((await all.stat("/a")).size, 0);
 * ```
 */
export function atomicUploads(files: FileBackend): FileBackend {
  const uploads = new Map<string, Upload>();
  const actual = (path: string): string => uploads.get(path)?.part ?? path;
  return {
    stat: (path) => files.stat(actual(path)),
    lstat: (path) => files.lstat(actual(path)),
    setstat: (path, attributes, options) => files.setstat(actual(path), attributes, options),
    open: (path, mode) =>
      wholeFile(mode) ? beginUpload(files, uploads, path, mode) : files.open(actual(path), mode),
    list: (path) => files.list(path),
    remove: (path) => files.remove(path),
    mkdir: (path, mode) => files.mkdir(path, mode),
    rmdir: (path) => files.rmdir(path),
    realpath: (path) => files.realpath(path),
    rename: (from, to, options) => files.rename(from, to, options),
    link: (from, to) => files.link(from, to),
    readlink: (path) => files.readlink(path),
    symlink: (path, target) => files.symlink(path, target),
    statvfs: (path) => files.statvfs(path),
    subtree: async (path) => atomicUploads(await files.subtree(path)),
    names: files.names && ((ids) => files.names?.(ids) ?? { users: [], groups: [] }),
  };
}

function wholeFile({ write, create, truncate, exclusive, append }: OpenMode): boolean {
  return write && create && !append && (truncate || exclusive);
}

async function beginUpload(
  files: FileBackend,
  uploads: Map<string, Upload>,
  path: string,
  mode: OpenMode,
): Promise<OpenFile> {
  const there = await statIfThere(files, path);
  if (there && mode.exclusive) throw new SftpError(StatusCode.Failure, "File exists");
  const goal = await files.realpath(path); // what a link leads to is replaced, not the link
  const { parent, name } = splitPath(goal);
  const tag = crypto.randomUUID().slice(0, 8);
  const part = joinPath(parent, `.${name.slice(0, NAME_CHARACTERS)}.${tag}.upload`);
  const bits = there ? there.mode & 0o777 : mode.mode;
  const file = await files.open(part, { ...mode, truncate: false, exclusive: true, mode: bits });
  const upload = new Upload(file, part, {
    finish: async () => {
      uploads.delete(path);
      await files.rename(part, goal, { replace: true });
    },
    drop: async () => {
      uploads.delete(path);
      await files.remove(part);
    },
  });
  uploads.set(path, upload);
  return upload;
}

interface UploadEnds {
  finish(): Promise<void>;
  drop(): Promise<void>;
}

/** A file under another name until it is closed. */
class Upload implements OpenFile {
  readonly part: string;
  readonly #file: OpenFile;
  readonly #ends: UploadEnds;
  #failed = false;

  constructor(file: OpenFile, part: string, ends: UploadEnds) {
    this.#file = file;
    this.part = part;
    this.#ends = ends;
  }

  read(buffer: Uint8Array, position: number): Awaitable<number> {
    return this.#file.read(buffer, position);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      await this.#file.write(bytes, position);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  stat(): Awaitable<FileStat> {
    return this.#file.stat();
  }

  setstat(attributes: FileAttributes): Awaitable<void> {
    return this.#file.setstat(attributes);
  }

  sync(): Awaitable<void> {
    return this.#file.sync();
  }

  /** What a write is missing from is not complete, so it does not appear. */
  async close(): Promise<void> {
    if (this.#failed) {
      await this.abandon();
      throw new SftpError(StatusCode.Failure, "Upload was not complete");
    }
    await this.#file.close();
    await this.#ends.finish();
  }

  async abandon(): Promise<void> {
    await this.#file.close();
    await this.#ends.drop();
  }
}
