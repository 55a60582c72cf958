import * as fs from "node:fs";
import { promisify } from "node:util";

import type { FileStat, OpenFile } from "../../backend.ts";
import type { FileAttributes } from "../../wire/attributes.ts";
import { setAttributes, statOf } from "./attributes.ts";
import { fromSystem } from "./errno.ts";
import type { LocalRoot } from "./root.ts";

/** Most bytes that are read or written on this thread at a time: some 20 microseconds. */
const QUICK_BYTES = 65_536;

const synchronize = promisify(fs.fsync);

/** A plain file that is open. */
export class LocalFile implements OpenFile {
  /** Its size when it was last looked at. */
  size?: number;
  readonly #root: LocalRoot;
  readonly #fd: number;
  readonly #path: string;

  /** Takes over a descriptor of a plain file, and a path that leads to it. */
  constructor(root: LocalRoot, fd: number, path: string) {
    this.#root = root;
    this.#fd = fd;
    this.#path = path;
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    if (buffer.length > QUICK_BYTES) {
      return this.#root.callElsewhere(({ read }) => read(this.#fd, buffer, position));
    }
    return this.#root.call(({ read }) => read(this.#fd, buffer, position));
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const quick = bytes.length <= QUICK_BYTES;
    for (let done = 0; done < bytes.length;) {
      const rest = bytes.subarray(done);
      const at = position + done;
      done += quick
        ? await this.#root.call(({ write }) => write(this.#fd, rest, at))
        : await this.#root.callElsewhere(({ write }) => write(this.#fd, rest, at));
    }
  }

  async stat(): Promise<FileStat> {
    const found = statOf(await this.#root.call(({ stat }) => stat(this.#path)));
    this.size = found.size;
    return found;
  }

  setstat(attributes: FileAttributes): Promise<void> {
    return setAttributes(this.#root, this.#path, attributes);
  }

  async sync(): Promise<void> {
    await synchronize(this.#fd).catch((error) => {
      throw fromSystem(error);
    });
  }

  close(): Promise<void> {
    return this.#root.call(({ close }) => close(this.#fd));
  }
}
