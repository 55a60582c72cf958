import * as fs from "node:fs";
import { promisify } from "node:util";

import type { Awaitable } from "../../backend.ts";

/** What the local backend asks of the operating system. Paths stand for what they lead to. */
export interface SystemCalls {
  open(path: string, flags: number, mode?: number): Awaitable<number>;
  close(fd: number): Awaitable<void>;
  stat(path: string): Awaitable<Deno.FileInfo>;
  lstat(path: string): Awaitable<Deno.FileInfo>;
  readlink(path: string): Awaitable<string>;
  mkdir(path: string, mode: number): Awaitable<void>;
  rmdir(path: string): Awaitable<void>;
  unlink(path: string): Awaitable<void>;
  rename(from: string, to: string): Awaitable<void>;
  link(from: string, to: string): Awaitable<void>;
  symlink(target: string, path: string): Awaitable<void>;
  chmod(path: string, mode: number): Awaitable<void>;
  lchown(path: string, uid: number, gid: number): Awaitable<void>;
  lutimes(path: string, atime: number, mtime: number): Awaitable<void>;
  utimes(path: string, atime: number, mtime: number): Awaitable<void>;
  chown(path: string, uid: number, gid: number): Awaitable<void>;
  truncate(path: string, size: number): Awaitable<void>;
  read(fd: number, buffer: Uint8Array, position: number): Awaitable<number>;
  write(fd: number, bytes: Uint8Array, position: number): Awaitable<number>;
}

/** Calls on this thread: a few microseconds each while the disk need not be asked. */
export const SYNC_CALLS: SystemCalls = {
  open: fs.openSync,
  close: fs.closeSync,
  stat: Deno.statSync,
  lstat: Deno.lstatSync,
  readlink: Deno.readLinkSync,
  mkdir: (path, mode) => Deno.mkdirSync(path, { mode }),
  rmdir: fs.rmdirSync,
  unlink: fs.unlinkSync,
  rename: Deno.renameSync,
  link: Deno.linkSync,
  symlink: (target, path) => fs.symlinkSync(target, path),
  chmod: fs.chmodSync,
  lchown: fs.lchownSync,
  lutimes: fs.lutimesSync,
  utimes: fs.utimesSync,
  chown: fs.chownSync,
  truncate: fs.truncateSync,
  read: (fd, buffer, position) => fs.readSync(fd, buffer, 0, buffer.length, position),
  write: (fd, bytes, position) => fs.writeSync(fd, bytes, 0, bytes.length, position),
};

const readAt = promisify(fs.read);
const writeAt = promisify(fs.write);

/** The same calls on threads of the runtime, for when the disk is slow. */
export const ASYNC_CALLS: SystemCalls = {
  open: promisify(fs.open) as SystemCalls["open"],
  close: promisify(fs.close),
  stat: Deno.stat,
  lstat: Deno.lstat,
  readlink: Deno.readLink,
  mkdir: (path, mode) => Deno.mkdir(path, { mode }),
  rmdir: (path) => fs.promises.rmdir(path),
  unlink: fs.promises.unlink,
  rename: Deno.rename,
  link: Deno.link,
  symlink: (target, path) => fs.promises.symlink(target, path),
  chmod: fs.promises.chmod,
  lchown: fs.promises.lchown,
  lutimes: fs.promises.lutimes,
  utimes: fs.promises.utimes,
  chown: fs.promises.chown,
  truncate: fs.promises.truncate,
  read: async (fd, buffer, position) =>
    (await readAt(fd, buffer, 0, buffer.length, position)).bytesRead,
  write: async (fd, bytes, position) =>
    (await writeAt(fd, bytes, 0, bytes.length, position)).bytesWritten,
};
