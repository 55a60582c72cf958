import type { Awaitable, FileBackend, OpenDirectory, OpenFile } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { StatusCode } from "../wire/codes.ts";

/** What may be done with files. */
export interface Rights {
  /** Read contents, names and targets of links. */
  readonly read: boolean;
  /** Change anything. */
  readonly write: boolean;
}

/**
 * The same files with fewer rights. What a file is (its attributes) may be asked with either right,
 * since clients look before they write.
 *
 * @param files The files.
 * @param rights What remains allowed.
 * @returns A backend that refuses the rest.
 *
 * @example
 * ```ts
 * import { guardedFiles, memoryFiles, SftpError } from "@alknet/sftp";
 * import { throws } from "node:assert/strict";
 *
 * const files = guardedFiles(memoryFiles(), { read: true, write: false });
 * throws(() => files.mkdir("/docs"), SftpError);
 * ```
 */
export function guardedFiles(files: FileBackend, { read, write }: Rights): FileBackend {
  const reading = <T>(task: () => Awaitable<T>): Awaitable<T> => permitted(read, task);
  const writing = <T>(task: () => Awaitable<T>): Awaitable<T> => permitted(write, task);
  return {
    stat: (path) => files.stat(path),
    lstat: (path) => files.lstat(path),
    realpath: (path) => files.realpath(path),
    statvfs: async (path) => {
      const stat = await files.statvfs(path);
      return { ...stat, readOnly: stat.readOnly || !write };
    },
    names: files.names && ((ids) => files.names?.(ids) ?? { users: [], groups: [] }),
    open: (path, mode): Awaitable<OpenFile> =>
      permitted((read || !mode.read) && (write || !mode.write), () => files.open(path, mode)),
    list: (path): Awaitable<OpenDirectory> => reading(() => files.list(path)),
    readlink: (path) => reading(() => files.readlink(path)),
    setstat: (path, attributes, options) => writing(() => files.setstat(path, attributes, options)),
    remove: (path) => writing(() => files.remove(path)),
    mkdir: (path, mode) => writing(() => files.mkdir(path, mode)),
    rmdir: (path) => writing(() => files.rmdir(path)),
    rename: (from, to, options) => writing(() => files.rename(from, to, options)),
    link: (from, to) => writing(() => files.link(from, to)),
    symlink: (path, target) => writing(() => files.symlink(path, target)),
    subtree: async (path) => guardedFiles(await files.subtree(path), { read, write }),
  };
}

function permitted<T>(allowed: boolean, task: () => Awaitable<T>): Awaitable<T> {
  if (allowed) return task();
  throw new SftpError(StatusCode.PermissionDenied);
}
