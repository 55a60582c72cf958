import { constants, promises } from "node:fs";

import type {
  FileBackend,
  FileStat,
  FileSystemStat,
  OpenDirectory,
  OpenFile,
  OpenMode,
} from "../../backend.ts";
import { SftpError } from "../../sftp_error.ts";
import { type FileAttributes, isDirectory, isFile, isLink } from "../../wire/attributes.ts";
import { StatusCode } from "../../wire/codes.ts";
import { PERMISSION_BITS, setAttributes, setLinkAttributes, statOf } from "./attributes.ts";
import { ConfinedRoot, handlePath } from "./confined_root.ts";
import { errnoOf, fromSystem } from "./errno.ts";
import { fromStoredTarget, toStoredTarget } from "./link_target.ts";
import { LocalDirectory } from "./local_directory.ts";
import { LocalFile } from "./local_file.ts";
import { Pace } from "./pace.ts";
import type { LocalRoot } from "./root.ts";
import { systemNames } from "./system_names.ts";
import { SystemRoot } from "./system_root.ts";

/** What {@linkcode localFiles} can be told. */
export interface LocalFilesOptions {
  /** Permission bits that new files and directories do not get. Default: 0o077. */
  readonly umask?: number;
}

const DEFAULT_UMASK = 0o077;
const NEW_FILE_MODE = 0o666;
const NEW_DIRECTORY_MODE = 0o777;

/**
 * Serves a directory of this machine, and nothing outside of it (see `LocalRoot`).
 *
 * It needs `/proc/self/fd`, so Linux. Set-ID and sticky bits are dropped from modes. Files whose
 * names are not UTF-8 are neither listed nor found, since Deno cannot name them.
 *
 * @param directory Where it lies.
 * @param options Which permissions new files get.
 * @returns A backend.
 * @throws {SftpError} When it is no directory, or the system has no `/proc/self/fd`.
 */
export async function localFiles(
  directory: string,
  { umask = DEFAULT_UMASK }: LocalFilesOptions = {},
): Promise<FileBackend> {
  try {
    await Deno.stat("/proc/self/fd");
    const path = await Deno.realPath(directory);
    if (!(await Deno.stat(path)).isDirectory) throw notDirectory();
    return new LocalBackend(new ConfinedRoot(path, new Pace()), umask);
  } catch (error) {
    throw fromSystem(error);
  }
}

/**
 * All files of this machine, as the person has them who runs a command: what `copyTree()` copies
 * from and to. Nothing is confined, and the umask is that of the process.
 *
 * @returns A backend whose root is the root of this machine.
 */
export function systemFiles(): FileBackend {
  return new LocalBackend(new SystemRoot(new Pace()), 0);
}

class LocalBackend implements FileBackend {
  readonly #root: LocalRoot;
  readonly #umask: number;

  constructor(root: LocalRoot, umask: number) {
    this.#root = root;
    this.#umask = umask;
  }

  async stat(path: string): Promise<FileStat> {
    return await this.#root.withLeaf(path, async (at) => {
      const stat = await this.#lstatAt(at);
      return isLink(stat)
        ? await this.#root.withHandle(at, (target) => this.#statAt(target))
        : stat;
    });
  }

  async lstat(path: string): Promise<FileStat> {
    return await this.#root.withLeaf(path, (at) => this.#lstatAt(at));
  }

  async setstat(
    path: string,
    attributes: FileAttributes,
    { follow }: { follow: boolean },
  ): Promise<void> {
    if (follow) {
      return await this.#root.withTarget(path, (at) => setAttributes(this.#root, at, attributes));
    }
    await this.#root.withLeaf(path, async (at) => {
      if (isLink(await this.#lstatAt(at))) return setLinkAttributes(this.#root, at, attributes);
      const change = (target: string): Promise<void> =>
        setAttributes(this.#root, target, attributes);
      return await this.#root.withHandle(at, change, constants.O_NOFOLLOW);
    });
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    return await this.#root.withLeaf(path, async (at) => {
      const fd = await this.#openAt(at, mode);
      const file = new LocalFile(this.#root, fd, this.#root.confined ? handlePath(fd) : at);
      try {
        const stat = await file.stat();
        if (isDirectory(stat)) throw new SftpError(StatusCode.Failure, "Is a directory");
        if (!isFile(stat)) throw new SftpError(StatusCode.PermissionDenied, "Not a plain file");
        return file;
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  async list(path: string): Promise<OpenDirectory> {
    return await LocalDirectory.open(this.#root, path);
  }

  async remove(path: string): Promise<void> {
    await this.#root.withLeaf(path, async (at) => {
      if (isDirectory(await this.#lstatAt(at))) { // Deno's unlink removes empty directories
        throw new SftpError(StatusCode.Failure, "Is a directory");
      }
      await this.#root.call(({ unlink }) => unlink(at));
    });
  }

  async mkdir(path: string, mode = NEW_DIRECTORY_MODE): Promise<void> {
    const bits = mode & PERMISSION_BITS & ~this.#umask;
    await this.#root.withLeaf(path, (at) => this.#root.call(({ mkdir }) => mkdir(at, bits)));
  }

  async rmdir(path: string): Promise<void> {
    if (path === "/") throw new SftpError(StatusCode.PermissionDenied);
    await this.#root.withLeaf(path, (at) => this.#root.call(({ rmdir }) => rmdir(at)));
  }

  async realpath(path: string): Promise<string> {
    try {
      return await this.#root.realpath(path);
    } catch (error) {
      if (error instanceof SftpError && error.status === StatusCode.NoSuchFile) return path;
      throw error;
    }
  }

  async rename(from: string, to: string, { replace }: { replace: boolean }): Promise<void> {
    if (from === "/" || to === "/") throw new SftpError(StatusCode.PermissionDenied);
    const root = this.#root;
    await root.withLeaf(from, (source) =>
      root.withLeaf(to, async (goal) => {
        if (replace) return await root.call(({ rename }) => rename(source, goal));
        if (isDirectory(await this.#lstatAt(source))) return await this.#renameToFree(source, goal);
        try {
          await root.call(({ link }) => link(source, goal)); // fails where the name is taken
        } catch (error) {
          if (!LINKLESS.has(errnoOf(causeOf(error)) ?? "")) throw error;
          return await this.#renameToFree(source, goal);
        }
        await root.call(({ unlink }) => unlink(source));
      }));
  }

  async link(from: string, to: string): Promise<void> {
    const root = this.#root;
    await root.withLeaf(
      from,
      (source) => root.withLeaf(to, (goal) => root.call(({ link }) => link(source, goal))),
    );
  }

  async readlink(path: string): Promise<string> {
    const read = (at: string): Promise<string> => this.#root.call(({ readlink }) => readlink(at));
    return fromStoredTarget(this.#root, await this.#root.withLeaf(path, read));
  }

  async symlink(path: string, target: string): Promise<void> {
    const stored = this.#root.confined ? toStoredTarget(this.#root, path, target) : target;
    await this.#root.withLeaf(path, (at) => this.#root.call(({ symlink }) => symlink(stored, at)));
  }

  async statvfs(path: string): Promise<FileSystemStat> {
    return await this.#root.withTarget(path, async (at) => {
      const { bsize, blocks, bfree, bavail, files, ffree } = await promises.statfs(at);
      return {
        blockBytes: bsize,
        blocks,
        freeBlocks: bfree,
        availableBlocks: bavail,
        files,
        freeFiles: ffree,
        availableFiles: ffree,
        readOnly: false,
      };
    });
  }

  async subtree(path: string): Promise<FileBackend> {
    if (!isDirectory(await this.stat(path))) throw notDirectory();
    const real = this.#root.naive(await this.realpath(path));
    return new LocalBackend(new ConfinedRoot(real, new Pace()), this.#umask);
  }

  names: FileBackend["names"] = systemNames;

  async #lstatAt(at: string): Promise<FileStat> {
    return statOf(await this.#root.call(({ lstat }) => lstat(at)));
  }

  async #statAt(at: string): Promise<FileStat> {
    return statOf(await this.#root.call(({ stat }) => stat(at)));
  }

  /** Looks first, since rename(2) takes a name that is taken. */
  async #renameToFree(source: string, goal: string): Promise<void> {
    const taken = await this.#lstatAt(goal).catch((error) => {
      if (errnoOf(causeOf(error)) !== "ENOENT") throw error;
    });
    if (taken) throw new SftpError(StatusCode.Failure, "File exists");
    await this.#root.call(({ rename }) => rename(source, goal));
  }

  /** Opens what has the name; if that is a link, what it leads to, which then has to be there. */
  async #openAt(at: string, mode: OpenMode): Promise<number> {
    const flags = flagsOf(mode);
    const bits = (mode.mode ?? NEW_FILE_MODE) & PERMISSION_BITS & ~this.#umask;
    if (!this.#root.confined) return await this.#root.call(({ open }) => open(at, flags, bits));
    try {
      return await this.#root.call(({ open }) => open(at, flags | constants.O_NOFOLLOW, bits));
    } catch (error) {
      if (errnoOf(causeOf(error)) !== "ELOOP") throw error;
    }
    return await this.#root.withHandle(at, async (target) => {
      if (!isFile(await this.#statAt(target))) {
        throw new SftpError(StatusCode.PermissionDenied, "Not a plain file");
      }
      const existing = flags & ~(constants.O_CREAT | constants.O_EXCL);
      return await this.#root.call(({ open }) => open(target, existing));
    });
  }
}

/** What file systems without hard links, or kernels that forbid this one, say. */
const LINKLESS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOSYS",
  "EOPNOTSUPP",
  "ENOTSUP",
  "EMLINK",
]);

function causeOf(error: unknown): unknown {
  return error instanceof SftpError ? error.cause : undefined;
}

/** O_NONBLOCK, so that a pipe that nobody writes to does not hold the opener for ever. */
function flagsOf({ read, write, append, create, truncate, exclusive }: OpenMode): number {
  const access = write ? (read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  return access | constants.O_NONBLOCK |
    (append ? constants.O_APPEND : 0) | (create ? constants.O_CREAT : 0) |
    (truncate ? constants.O_TRUNC : 0) | (create && exclusive ? constants.O_EXCL : 0);
}

function notDirectory(): SftpError {
  return new SftpError(StatusCode.NoSuchFile, "Not a directory");
}
