import * as fs from "node:fs";

import type { DirectoryEntry, OpenDirectory } from "../../backend.ts";
import { SftpError } from "../../sftp_error.ts";
import { StatusCode } from "../../wire/codes.ts";
import { statOf } from "./attributes.ts";
import { fromSystem } from "./errno.ts";
import { handlePath, type LocalRoot } from "./root.ts";

/** A directory that is being listed. */
export class LocalDirectory implements OpenDirectory {
  readonly #root: LocalRoot;
  readonly #fd: number;
  #names?: readonly string[];
  #at = 0;

  /** Takes over a descriptor of a directory. */
  constructor(root: LocalRoot, fd: number) {
    this.#root = root;
    this.#fd = fd;
  }

  async next(maxEntries: number): Promise<readonly DirectoryEntry[] | undefined> {
    this.#names ??= await readNames(handlePath(this.#fd));
    while (this.#at < this.#names.length) {
      const names = this.#names.slice(this.#at, this.#at + maxEntries);
      this.#at += names.length;
      const entries: DirectoryEntry[] = [];
      for (const name of names) {
        const entry = await this.#entry(name);
        if (entry) entries.push(entry);
      }
      if (entries.length > 0) return entries;
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#root.call(({ close }) => close(this.#fd));
  }

  /** What was removed since the names were read is left out. */
  async #entry(name: string): Promise<DirectoryEntry | undefined> {
    try {
      const path = `${handlePath(this.#fd)}/${name}`;
      return { name, stat: statOf(await this.#root.call(({ lstat }) => lstat(path))) };
    } catch (error) {
      if (error instanceof SftpError && error.status === StatusCode.NoSuchFile) return undefined;
      throw error;
    }
  }
}

async function readNames(path: string): Promise<readonly string[]> {
  try {
    return await fs.promises.readdir(path);
  } catch (error) {
    throw fromSystem(error);
  }
}
