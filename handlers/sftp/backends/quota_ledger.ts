import { breathe } from "@alknet/core";

import type { Files } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { joinPath } from "../virtual_path.ts";
import { isDirectory, isFile } from "../wire/attributes.ts";
import { StatusCode } from "../wire/codes.ts";

/** Bounds of what some files may take. */
export interface Quota {
  /** Bytes in all files. Default: no bound. */
  readonly maxBytes?: number;
  /** Files, directories and links. Default: no bound. */
  readonly maxFiles?: number;
}

/** A file that is open: its size, with what is promised to writes under way. */
export interface OpenSize {
  size: number;
  handles: number;
  /** Whether its last name is gone, so that its bytes come free when it is closed. */
  removed: boolean;
  /** Writes under way, which a change of its size waits for. */
  readonly writes: Set<Promise<void>>;
  /** A change of its size under way, which writes wait for. */
  resizing?: Promise<void>;
}

/**
 * How much of a quota is taken. Room is taken before anything is written, in one step, so that any
 * number of sessions writing at once never get more than there is.
 */
export class QuotaLedger {
  readonly #files: Files;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #open = new Map<number, OpenSize>();
  #bytes = 0;
  #count = 0;
  #counted?: Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  /** Takes the files that count, and the bounds. */
  constructor(files: Files, { maxBytes = Infinity, maxFiles = Infinity }: Quota) {
    this.#files = files;
    this.#maxBytes = maxBytes;
    this.#maxFiles = maxFiles;
  }

  /** Bytes that are left. */
  get freeBytes(): number {
    return Math.max(0, this.#maxBytes - this.#bytes);
  }

  /** Files that are left. */
  get freeFiles(): number {
    return Math.max(0, this.#maxFiles - this.#count);
  }

  /** Runs what looks at names and then changes them, one after the other. */
  async alone<T>(task: () => Promise<T>): Promise<T> {
    await this.#ready();
    const turn = this.#last.then(task, task);
    this.#last = turn.catch(() => {});
    return await turn;
  }

  /** Waits until what is there has been counted, once. */
  async #ready(): Promise<void> {
    this.#counted ??= this.#countAll().catch((error) => {
      this.#counted = undefined;
      throw error;
    });
    await this.#counted;
  }

  /** @throws {SftpError} When there is no room for another file. */
  takeFile(): void {
    if (this.#count >= this.#maxFiles) throw exceeded();
    this.#count++;
  }

  /** Gives the place of a file back. */
  freeFile(): void {
    this.#count--;
  }

  /** @throws {SftpError} When there is no room for so many bytes more. */
  takeBytes(count: number): void {
    if (count > 0 && this.#bytes + count > this.#maxBytes) throw exceeded();
    this.#bytes += count;
  }

  /** Notes that a file is open, or open once more. */
  opened(inode: number, size: number): OpenSize {
    const known = this.#open.get(inode) ??
      { size, handles: 0, removed: false, writes: new Set() };
    known.handles++;
    this.#open.set(inode, known);
    return known;
  }

  /** Notes that it is open once less. */
  closed(inode: number, known: OpenSize): void {
    if (--known.handles > 0) return;
    if (this.#open.get(inode) === known) this.#open.delete(inode);
    if (known.removed) this.#bytes -= known.size;
  }

  /** Notes that the last name of a file is gone. */
  removed(inode: number, size: number): void {
    const known = this.#open.get(inode);
    if (!known) this.#bytes -= size;
    else {
      known.removed = true;
      this.#open.delete(inode); // the number may be given to another file now
    }
  }

  /** Takes what is missing for a file to have a size. @throws {SftpError} When there is no room. */
  grow(known: OpenSize, size: number): void {
    if (size <= known.size) return;
    this.takeBytes(size - known.size);
    known.size = size;
  }

  /** A file has been made exactly so long. */
  resized(known: OpenSize, size: number): void {
    this.#bytes += size - known.size;
    known.size = size;
  }

  async #countAll(): Promise<void> {
    const seen = new Set<number>();
    const pending = ["/"];
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const directory = await this.#files.list(path);
      try {
        for (let part = await directory.next(128); part; part = await directory.next(128)) {
          await breathe();
          for (const { name, stat } of part) {
            this.#count++;
            if (isDirectory(stat)) pending.push(joinPath(path, name));
            else if (isFile(stat) && !seen.has(stat.inode)) this.#bytes += stat.size;
            if (stat.links > 1) seen.add(stat.inode);
          }
        }
      } finally {
        await directory.close();
      }
    }
  }
}

function exceeded(): SftpError {
  return new SftpError(StatusCode.Failure, "Quota exceeded");
}
