import type { DirectoryEntry, FileStat } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { statIfThere } from "../stat_if_there.ts";
import { joinPath } from "../virtual_path.ts";
import { isDirectory, isFile, isLink } from "../wire/attributes.ts";
import { StatusCode } from "../wire/codes.ts";
import { copyFile } from "./copy_file.ts";
import type { CopyOptions, Place } from "./place.ts";
import { VerifyError } from "./verify.ts";

/** What {@linkcode copyTree} can be told. */
export interface CopyTreeOptions extends CopyOptions {
  /** Files under way at a time. Default: 16. */
  readonly jobs?: number;
  /** Called when a file is there. */
  readonly onFile?: (source: string, stat: FileStat) => void;
}

/** What came of a copy. */
export interface CopyResult {
  /** Files copied. */
  readonly files: number;
  /** Bytes in them. */
  readonly bytes: number;
  /** What was left out, and why; everything else was copied. */
  readonly failures: readonly CopyFailure[];
}

/** Something that could not be copied. */
export interface CopyFailure {
  /** Its path at the source. */
  readonly path: string;
  /** Why. */
  readonly error: SftpError | VerifyError;
}

const JOBS = 16;
const NEW_DIRECTORY_MODE = 0o777;
const OWNER_ALL = 0o700;

/** What a server says when it cannot do one thing and can still do others. */
const SINGLE: ReadonlySet<StatusCode> = new Set([
  StatusCode.NoSuchFile,
  StatusCode.PermissionDenied,
  StatusCode.Failure,
  StatusCode.BadMessage,
  StatusCode.OpUnsupported,
]);

/**
 * Copies a directory and all below it, many files at a time. Directories that are there are kept
 * and filled. Symbolic links are copied as links, after everything else, so that no link which the
 * source names can redirect what is written meanwhile. Pipes, devices and sockets are left out.
 *
 * @param source The directory.
 * @param goal What the copy is called; it is made where it is missing.
 * @param options How.
 * @returns What was copied and what was not.
 * @throws {SftpError} When the source is no directory, or a session is lost.
 */
export async function copyTree(
  source: Place,
  goal: Place,
  options: CopyTreeOptions = {},
): Promise<CopyResult> {
  const stat = await source.files.stat(source.path);
  if (!isDirectory(stat)) throw new SftpError(StatusCode.Failure, "Not a directory");
  const copy = new TreeCopy(source, goal, options);
  return await copy.run(stat);
}

/** A file or link on its way. */
interface Item {
  readonly from: Place;
  readonly to: Place;
  readonly stat: FileStat;
}

class TreeCopy {
  readonly #source: Place;
  readonly #goal: Place;
  readonly #options: CopyTreeOptions;
  readonly #failures: CopyFailure[] = [];
  readonly #links: Item[] = [];
  readonly #directories: Item[] = [];
  #files = 0;
  #bytes = 0;

  constructor(source: Place, goal: Place, options: CopyTreeOptions) {
    this.#source = source;
    this.#goal = goal;
    this.#options = options;
  }

  async run(stat: FileStat): Promise<CopyResult> {
    const stop = new AbortController();
    const outer = this.#options.signal;
    const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
    const items = this.#walk({ from: this.#source, to: this.#goal, stat }, true);
    const workers = Array.from({ length: this.#options.jobs ?? JOBS }, async () => {
      for await (const item of { [Symbol.asyncIterator]: () => ({ next: () => items.next() }) }) {
        signal.throwIfAborted();
        await this.#attempt(item.from.path, () => this.#copy(item, signal));
      }
    });
    for (const worker of workers) worker.catch((error) => stop.abort(error));
    const results = await Promise.allSettled(workers);
    outer?.throwIfAborted();
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw stop.signal.reason;
    for (const link of this.#links) await this.#attempt(link.from.path, () => copyLink(link));
    for (const each of this.#directories.reverse()) await this.#finish(each);
    return { files: this.#files, bytes: this.#bytes, failures: this.#failures };
  }

  /** Makes directories and yields the files in them. */
  async *#walk(directory: Item, top: boolean): AsyncGenerator<Item> {
    const { from, to } = directory;
    const entries = await this.#attempt(from.path, async () => {
      await this.#makeDirectory(directory, top);
      return await allEntries(from);
    });
    for (const { name, stat } of entries ?? []) {
      const item = {
        from: { files: from.files, path: joinPath(from.path, name) },
        to: { files: to.files, path: joinPath(to.path, name) },
        stat,
      };
      if (isDirectory(stat)) yield* this.#walk(item, false);
      else if (isLink(stat)) this.#links.push(item);
      else if (isFile(stat)) yield item;
      else this.#fail(item.from.path, new SftpError(StatusCode.Failure, "Not a plain file"));
    }
  }

  /** A link in the place of a directory would lead what is written elsewhere; but the first is ours. */
  async #makeDirectory(directory: Item, top: boolean): Promise<void> {
    const { to, stat } = directory;
    this.#directories.push(directory);
    try {
      const mode = this.#options.preserve ? (stat.mode & 0o777) | OWNER_ALL : NEW_DIRECTORY_MODE;
      await to.files.mkdir(to.path, mode);
    } catch (error) {
      if (!(error instanceof SftpError) || error.status !== StatusCode.Failure) throw error;
      const there = top ? await to.files.stat(to.path) : await to.files.lstat(to.path);
      if (!isDirectory(there)) throw error;
    }
  }

  async #copy({ from, to, stat }: Item, signal: AbortSignal): Promise<void> {
    await copyFile(from, to, { ...this.#options, stat, signal });
    this.#files++;
    this.#bytes += stat.size;
    this.#options.onFile?.(from.path, stat);
  }

  /** What is written into a directory changes its times, and may need more than its own mode. */
  async #finish({ to, from, stat: { mode, atime, mtime } }: Item): Promise<void> {
    if (!this.#options.preserve) return;
    const attributes = { mode: mode & 0o777, atime, mtime };
    await this.#attempt(
      from.path,
      async () => await to.files.setstat(to.path, attributes, { follow: true }),
    );
  }

  async #attempt<T>(path: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch (error) {
      const single = error instanceof VerifyError ||
        (error instanceof SftpError && SINGLE.has(error.status));
      if (!single) throw error;
      this.#fail(path, error);
      return undefined;
    }
  }

  #fail(path: string, error: SftpError | VerifyError): void {
    this.#failures.push({ path, error });
  }
}

async function copyLink({ from, to }: Item): Promise<void> {
  const target = await from.files.readlink(from.path);
  try {
    await to.files.symlink(to.path, target);
  } catch (error) {
    const there = await statIfThere(to.files, to.path, { follow: false });
    if (!there || !isLink(there)) throw error;
    await to.files.remove(to.path);
    await to.files.symlink(to.path, target);
  }
}

/** Every entry of a directory, each name once, whatever a server says twice. */
async function allEntries({ files, path }: Place): Promise<DirectoryEntry[]> {
  const directory = await files.list(path);
  const found = new Map<string, DirectoryEntry>();
  try {
    for (let part = await directory.next(128); part; part = await directory.next(128)) {
      for (const entry of part) if (!found.has(entry.name)) found.set(entry.name, entry);
    }
  } finally {
    await directory.close();
  }
  return [...found.values()];
}
