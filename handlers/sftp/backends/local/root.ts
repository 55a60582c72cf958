import { constants } from "node:fs";

import type { Awaitable } from "../../backend.ts";
import { SftpError } from "../../sftp_error.ts";
import { isPlainName } from "../../wire/file_name.ts";
import { isWithin, splitPath } from "../../virtual_path.ts";
import { StatusCode } from "../../wire/codes.ts";
import { fromSystem } from "./errno.ts";
import type { Pace } from "./pace.ts";
import type { SystemCalls } from "./system_calls.ts";

/** Linux: a descriptor that names a file without opening it, so that no device or pipe notices. */
const O_PATH = 0o10000000;

/**
 * A directory of this machine out of which no path leads, whatever is done to its symbolic links
 * and directories meanwhile.
 *
 * There is no openat2(2) here, so it goes like this. The directory of a path is opened as a handle,
 * links followed; then the kernel is asked where the handle points to, and that has to be within
 * the root. From then on the last part is named relative to the handle, as `/proc/self/fd/N/name`,
 * and is not followed if it is a link: what happens to the path in between changes nothing. A link
 * that is to be followed is opened as a handle, without effect, and looked at in the same way
 * before anything is done to what it leads to.
 */
export class LocalRoot {
  /** Where it lies, without symbolic links. */
  readonly path: string;
  readonly #pace: Pace;

  /** Takes a real path. */
  constructor(path: string, pace: Pace) {
    this.path = path;
    this.#pace = pace;
  }

  /** The real path that a canonical path would have if it had no links in it. */
  naive(path: string): string {
    if (!isPlainName(path)) throw new SftpError(StatusCode.NoSuchFile, "Name is not UTF-8");
    if (path === "/") return this.path;
    return this.path === "/" ? path : this.path + path;
  }

  /** The canonical path of a real one; undefined for what is not within. */
  virtual(real: string): string | undefined {
    if (!isWithin(real, this.path)) return undefined;
    return (this.path === "/" ? real : real.slice(this.path.length)) || "/";
  }

  /** Runs a system call where it holds up nobody. */
  async call<T>(call: (calls: SystemCalls) => Awaitable<T>): Promise<T> {
    try {
      return await this.#pace.run(call);
    } catch (error) {
      throw fromSystem(error);
    }
  }

  /** Runs one that is never quick. */
  async callElsewhere<T>(call: (calls: SystemCalls) => Awaitable<T>): Promise<T> {
    try {
      return await this.#pace.runElsewhere(call);
    } catch (error) {
      throw fromSystem(error);
    }
  }

  /**
   * Lends a path by which the kernel finds the last part of a canonical path, in its directory.
   *
   * @param use Gets that path; it must not follow it if it is a link.
   */
  async withLeaf<T>(path: string, use: (at: string) => Promise<T>): Promise<T> {
    const { parent, name } = splitPath(path);
    const leaf = this.naive(`/${name}`) && (name || ".");
    return await this.withTarget(parent, (at) => use(`${at}/${leaf}`), constants.O_DIRECTORY);
  }

  /**
   * Lends a path that stands for what a canonical path leads to, links followed.
   *
   * @param use Gets that path; following it is safe.
   */
  async withTarget<T>(path: string, use: (at: string) => Promise<T>, flags = 0): Promise<T> {
    return await this.withHandle(this.naive(path), use, flags);
  }

  /** The same for a path of {@linkcode withLeaf} or a real one. */
  async withHandle<T>(path: string, use: (at: string) => Promise<T>, flags = 0): Promise<T> {
    const fd = await this.call(({ open }) => open(path, O_PATH | flags));
    try {
      await this.realpathOf(fd);
      return await use(handlePath(fd));
    } finally {
      await this.call(({ close }) => close(fd));
    }
  }

  /**
   * Where a handle points to, as a canonical path.
   *
   * @throws {SftpError} When that is not within.
   */
  async realpathOf(fd: number): Promise<string> {
    const found = this.virtual(await this.call(({ readlink }) => readlink(handlePath(fd))));
    if (found === undefined) throw new SftpError(StatusCode.PermissionDenied);
    return found;
  }
}

/** A path that the kernel follows to what a descriptor stands for. */
export function handlePath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
