import {
  type FileBackend,
  type FileStat,
  type FileSystemStat,
  type OpenDirectory,
  type OpenFile,
  type OpenMode,
  READ_MODE,
} from "../backend.ts";
import { statIfThere } from "../stat_if_there.ts";
import { type FileAttributes, isFile } from "../wire/attributes.ts";
import { type OpenSize, type Quota, QuotaLedger } from "./quota_ledger.ts";

/**
 * The same files with a bound on what they take. Sizes count, not blocks, so a file with a hole
 * counts as if it were full. What is there already is counted when the first session begins; files
 * that other programs change afterwards are not noticed until the process starts again.
 *
 * @param files The files. Give the same result to all sessions that share the quota.
 * @param quota The bounds.
 * @returns A backend that refuses what would exceed them.
 */
export function quotaFiles(files: FileBackend, quota: Quota): FileBackend {
  return new QuotaFiles(files, new QuotaLedger(files, quota));
}

class QuotaFiles implements FileBackend {
  readonly #files: FileBackend;
  readonly #ledger: QuotaLedger;
  readonly names?: FileBackend["names"];

  constructor(files: FileBackend, ledger: QuotaLedger) {
    this.#files = files;
    this.#ledger = ledger;
    const { names } = files;
    if (names) this.names = (ids) => names.call(files, ids);
  }

  async stat(path: string): Promise<FileStat> {
    return await this.#files.stat(path);
  }

  async lstat(path: string): Promise<FileStat> {
    return await this.#files.lstat(path);
  }

  async setstat(
    path: string,
    attributes: FileAttributes,
    options: { follow: boolean },
  ): Promise<void> {
    const { size, ...others } = attributes;
    if (size !== undefined) {
      const file = await this.open(path, TO_RESIZE);
      try {
        await file.setstat({ size });
      } finally {
        await file.close();
      }
    }
    if (Object.keys(others).length > 0) await this.#files.setstat(path, others, options);
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    if (!mode.write) return await this.#files.open(path, mode);
    return await this.#ledger.alone(async () => {
      const isNew = mode.create && !await statIfThere(this.#files, path, { follow: false });
      if (isNew) this.#ledger.takeFile();
      try {
        // Emptied behind the ledger's back, a file would be counted with what it had.
        const file = await this.#files.open(path, { ...mode, truncate: false });
        const quotaFile = await QuotaFile.over(file, mode, this.#ledger);
        if (mode.truncate) await quotaFile.setstat({ size: 0 });
        return quotaFile;
      } catch (error) {
        if (isNew) this.#ledger.freeFile();
        throw error;
      }
    });
  }

  async list(path: string): Promise<OpenDirectory> {
    return await this.#files.list(path);
  }

  async remove(path: string): Promise<void> {
    await this.#ledger.alone(async () => {
      const stat = await this.#files.lstat(path);
      await this.#files.remove(path);
      this.#gone(stat);
    });
  }

  async mkdir(path: string, mode?: number): Promise<void> {
    await this.#taking(() => this.#files.mkdir(path, mode));
  }

  async rmdir(path: string): Promise<void> {
    await this.#ledger.alone(async () => {
      await this.#files.rmdir(path);
      this.#ledger.freeFile();
    });
  }

  async realpath(path: string): Promise<string> {
    return await this.#files.realpath(path);
  }

  async rename(from: string, to: string, options: { replace: boolean }): Promise<void> {
    await this.#ledger.alone(async () => {
      const replaced = options.replace
        ? await statIfThere(this.#files, to, { follow: false })
        : undefined;
      const moved = replaced && await this.#files.lstat(from);
      await this.#files.rename(from, to, options);
      if (replaced && replaced.inode !== moved?.inode) this.#gone(replaced);
    });
  }

  async link(from: string, to: string): Promise<void> {
    await this.#taking(() => this.#files.link(from, to));
  }

  async readlink(path: string): Promise<string> {
    return await this.#files.readlink(path);
  }

  async symlink(path: string, target: string): Promise<void> {
    await this.#taking(() => this.#files.symlink(path, target));
  }

  async statvfs(path: string): Promise<FileSystemStat> {
    const stat = await this.#ledger.alone(async () => await this.#files.statvfs(path));
    const blocks = Math.floor(this.#ledger.freeBytes / Math.max(1, stat.blockBytes));
    const freeFiles = Math.min(stat.availableFiles, this.#ledger.freeFiles);
    return {
      ...stat,
      freeBlocks: Math.min(stat.freeBlocks, blocks),
      availableBlocks: Math.min(stat.availableBlocks, blocks),
      freeFiles,
      availableFiles: freeFiles,
    };
  }

  async subtree(path: string): Promise<FileBackend> {
    return new QuotaFiles(await this.#files.subtree(path), this.#ledger);
  }

  async #taking(make: () => void | Promise<void>): Promise<void> {
    await this.#ledger.alone(async () => {
      this.#ledger.takeFile();
      try {
        await make();
      } catch (error) {
        this.#ledger.freeFile();
        throw error;
      }
    });
  }

  #gone(stat: FileStat): void {
    this.#ledger.freeFile();
    if (isFile(stat) && stat.links <= 1) this.#ledger.removed(stat.inode, stat.size);
  }
}

const TO_RESIZE: OpenMode = { ...READ_MODE, read: false, write: true };

/** An open file that takes room before it grows. */
class QuotaFile implements OpenFile {
  readonly #file: OpenFile;
  readonly #ledger: QuotaLedger;
  readonly #known: OpenSize;
  readonly #inode: number;
  readonly #append: boolean;

  private constructor(file: OpenFile, ledger: QuotaLedger, stat: FileStat, append: boolean) {
    this.#file = file;
    this.#ledger = ledger;
    this.#inode = stat.inode;
    this.#known = ledger.opened(stat.inode, stat.size);
    this.#append = append;
  }

  static async over(file: OpenFile, { append }: OpenMode, ledger: QuotaLedger): Promise<QuotaFile> {
    return new QuotaFile(file, ledger, await file.stat(), append);
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    return await this.#file.read(buffer, position);
  }

  /** A write that fails keeps its room until the file is closed: too much, never too little. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    while (this.#known.resizing) await this.#known.resizing;
    const begin = this.#append ? this.#known.size : position;
    this.#ledger.grow(this.#known, begin + bytes.length);
    const writing = Promise.resolve(this.#file.write(bytes, position));
    const settled = writing.catch(() => {}).then(() => {
      this.#known.writes.delete(settled);
    });
    this.#known.writes.add(settled);
    await writing;
  }

  async stat(): Promise<FileStat> {
    return await this.#file.stat();
  }

  async setstat(attributes: FileAttributes): Promise<void> {
    const { size, ...others } = attributes;
    if (size !== undefined) await this.#resize(size);
    if (Object.keys(others).length > 0) await this.#file.setstat(others);
  }

  async sync(): Promise<void> {
    await this.#file.sync();
  }

  async close(): Promise<void> {
    const isLast = this.#known.handles === 1;
    if (isLast) this.#ledger.resized(this.#known, (await this.#file.stat()).size);
    this.#ledger.closed(this.#inode, this.#known);
    await this.#file.close();
  }

  /** A write that lands after a file was made shorter would take room that nobody counted. */
  async #resize(size: number): Promise<void> {
    const known = this.#known;
    while (known.resizing) await known.resizing;
    const { promise, resolve } = Promise.withResolvers<void>();
    known.resizing = promise;
    try {
      await Promise.all(known.writes);
      this.#ledger.grow(known, size);
      await this.#file.setstat({ size });
      this.#ledger.resized(known, size);
    } finally {
      known.resizing = undefined;
      resolve();
    }
  }
}
