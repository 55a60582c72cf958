import { constants, promises } from "node:fs";
import { breathe } from "@alknet/core";

import type { DirectoryEntry, OpenDirectory } from "../../backend.ts";
import { SftpError } from "../../sftp_error.ts";
import { StatusCode } from "../../wire/codes.ts";
import { statOf } from "./attributes.ts";
import { fromSystem } from "./errno.ts";
import type { LocalRoot } from "./root.ts";

/** A directory that is being listed. */
export class LocalDirectory implements OpenDirectory {
  readonly #root: LocalRoot;
  readonly #path: string;
  readonly #close: () => void;
  readonly #names: readonly string[];
  #at = 0;

  private constructor(
    root: LocalRoot,
    path: string,
    names: readonly string[],
    close: () => void,
  ) {
    this.#root = root;
    this.#path = path;
    this.#names = names;
    this.#close = close;
  }

  /** Opens a directory: its handle is kept until it is closed, so that it stays this one. */
  static async open(root: LocalRoot, path: string): Promise<LocalDirectory> {
    const opened = Promise.withResolvers<LocalDirectory>();
    const closed = Promise.withResolvers<void>();
    root.withTarget(path, async (at) => {
      opened.resolve(new LocalDirectory(root, at, await readNames(at), closed.resolve));
      await closed.promise;
    }, constants.O_DIRECTORY).catch(opened.reject);
    return await opened.promise;
  }

  async next(maxEntries: number): Promise<readonly DirectoryEntry[] | undefined> {
    while (this.#at < this.#names.length) {
      const names = this.#names.slice(this.#at, this.#at + maxEntries);
      this.#at += names.length;
      const entries: DirectoryEntry[] = [];
      for (const name of names) {
        await breathe();
        const entry = await this.#entry(name);
        if (entry) entries.push(entry);
      }
      if (entries.length > 0) return entries;
    }
    return undefined;
  }

  close(): void {
    this.#close();
  }

  /** What was removed since the names were read is left out. */
  async #entry(name: string): Promise<DirectoryEntry | undefined> {
    try {
      const path = `${this.#path}/${name}`;
      return { name, stat: statOf(await this.#root.call(({ lstat }) => lstat(path))) };
    } catch (error) {
      if (error instanceof SftpError && error.status === StatusCode.NoSuchFile) return undefined;
      throw error;
    }
  }
}

async function readNames(path: string): Promise<readonly string[]> {
  try {
    return await promises.readdir(path);
  } catch (error) {
    throw fromSystem(error);
  }
}
