import { constants } from "node:fs";

import type { Awaitable } from "../../backend.ts";
import { SftpError } from "../../sftp_error.ts";
import { isWithin, splitPath } from "../../virtual_path.ts";
import { StatusCode } from "../../wire/codes.ts";
import type { Pace } from "./pace.ts";
import { Caller, type LocalRoot, plain } from "./root.ts";
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
export class ConfinedRoot implements LocalRoot {
  readonly confined = true;
  readonly #path: string;
  readonly #caller: Caller;

  /** Takes a real path: one without symbolic links. */
  constructor(path: string, pace: Pace) {
    this.#path = path;
    this.#caller = new Caller(pace);
  }

  naive(path: string): string {
    plain(path);
    if (path === "/") return this.#path;
    return this.#path === "/" ? path : this.#path + path;
  }

  virtual(real: string): string | undefined {
    if (!isWithin(real, this.#path)) return undefined;
    return (this.#path === "/" ? real : real.slice(this.#path.length)) || "/";
  }

  call<T>(call: (calls: SystemCalls) => Awaitable<T>): Promise<T> {
    return this.#caller.call(call);
  }

  callElsewhere<T>(call: (calls: SystemCalls) => Awaitable<T>): Promise<T> {
    return this.#caller.callElsewhere(call);
  }

  async withLeaf<T>(path: string, use: (at: string) => Promise<T>): Promise<T> {
    const { parent, name } = splitPath(path);
    const leaf = plain(name) || ".";
    return await this.withTarget(parent, (at) => use(`${at}/${leaf}`), constants.O_DIRECTORY);
  }

  async withTarget<T>(path: string, use: (at: string) => Promise<T>, flags = 0): Promise<T> {
    return await this.withHandle(this.naive(path), use, flags);
  }

  async withHandle<T>(path: string, use: (at: string) => Promise<T>, flags = 0): Promise<T> {
    return await this.#withHandle(path, flags, (fd) => use(handlePath(fd)));
  }

  async realpath(path: string): Promise<string> {
    return await this.#withHandle(this.naive(path), 0, (_fd, real) => Promise.resolve(real));
  }

  /** Opens without effect, and lends what was opened if it lies within. */
  async #withHandle<T>(
    path: string,
    flags: number,
    use: (fd: number, real: string) => Promise<T>,
  ): Promise<T> {
    const fd = await this.call(({ open }) => open(path, O_PATH | flags));
    try {
      const real = this.virtual(await this.call(({ readlink }) => readlink(handlePath(fd))));
      if (real === undefined) throw new SftpError(StatusCode.PermissionDenied);
      return await use(fd, real);
    } finally {
      await this.call(({ close }) => close(fd));
    }
  }
}

/** A path that the kernel follows to what a descriptor stands for. */
export function handlePath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
