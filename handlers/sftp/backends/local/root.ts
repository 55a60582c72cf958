import type { Awaitable } from "../../backend.ts";
import { SftpError } from "../../sftp_error.ts";
import { StatusCode } from "../../wire/codes.ts";
import { isPlainName } from "../../wire/file_name.ts";
import { fromSystem } from "./errno.ts";
import type { Pace } from "./pace.ts";
import type { SystemCalls } from "./system_calls.ts";

/** How the local backend finds files. */
export interface LocalRoot {
  /** Whether nothing outside of a directory is to be reached. */
  readonly confined: boolean;
  /** The real path that a canonical path would have if it had no links in it. */
  naive(path: string): string;
  /** The canonical path of a real one; undefined for what is not within. */
  virtual(real: string): string | undefined;
  /** Runs a system call where it holds up nobody. */
  call<T>(call: (calls: SystemCalls) => Awaitable<T>): Promise<T>;
  /** Runs one that is never quick. */
  callElsewhere<T>(call: (calls: SystemCalls) => Awaitable<T>): Promise<T>;
  /** Lends a path of the last part of a canonical path; it must not be followed if it is a link. */
  withLeaf<T>(path: string, use: (at: string) => Promise<T>): Promise<T>;
  /** Lends a path of what a canonical path leads to; following it is safe. */
  withTarget<T>(path: string, use: (at: string) => Promise<T>, flags?: number): Promise<T>;
  /** The same for a path of `withLeaf()` or a real one. */
  withHandle<T>(path: string, use: (at: string) => Promise<T>, flags?: number): Promise<T>;
  /** The canonical path that a canonical path leads to. */
  realpath(path: string): Promise<string>;
}

/** Runs system calls and turns their errors into ours. */
export class Caller {
  readonly #pace: Pace;

  /** Takes what chooses where calls run. */
  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Runs a call where it holds up nobody. */
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
}

/** A path as it is, if it is one that Deno can name. */
export function plain(path: string): string {
  if (!isPlainName(path)) throw new SftpError(StatusCode.NoSuchFile, "Name is not UTF-8");
  return path;
}
