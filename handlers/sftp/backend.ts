import type { FileAttributes } from "./wire/attributes.ts";

/** A value, or the promise of one: what needs no waiting answers at once. */
export type Awaitable<T> = T | Promise<T>;

/** All that is known of a file. */
export interface FileStat extends Required<FileAttributes> {
  /** How many names the file has. */
  readonly links: number;
  /** What tells it from every other file of the backend, whatever its name. */
  readonly inode: number;
}

/** One name in a directory. */
export interface DirectoryEntry {
  /** The name, without a path. */
  readonly name: string;
  /** What has it; a symbolic link itself. */
  readonly stat: FileStat;
}

/** How a file is to be opened. */
export interface OpenMode {
  /** For reading. */
  readonly read: boolean;
  /** For writing. */
  readonly write: boolean;
  /** Every write goes to the end. */
  readonly append: boolean;
  /** Make it where it is missing. */
  readonly create: boolean;
  /** Empty it. */
  readonly truncate: boolean;
  /** With `create`: fail where it is there. */
  readonly exclusive: boolean;
  /** Permission bits of a new file, before the umask. */
  readonly mode?: number;
}

/** A file that is there is opened to be read. */
export const READ_MODE: OpenMode = {
  read: true,
  write: false,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
};

/** A file that was opened. */
export interface OpenFile {
  /** Its size when it was opened, where that is known. */
  readonly size?: number;
  /** Reads at a place; the count is 0 at the end of the file and may be short before it. */
  read(buffer: Uint8Array, position: number): Awaitable<number>;
  /** Writes all bytes at a place, or at the end of a file opened for appending. */
  write(bytes: Uint8Array, position: number): Awaitable<void>;
  /** What is known of it now. */
  stat(): Awaitable<FileStat>;
  /** Changes attributes, its size among them. */
  setstat(attributes: FileAttributes): Awaitable<void>;
  /** Makes what was written survive a power cut. */
  sync(): Awaitable<void>;
  /** Gives the file back; called once. */
  close(): Awaitable<void>;
  /** Called instead of `close()` where a session ended with the file open. Default: `close()`. */
  abandon?(): Awaitable<void>;
}

/** A directory that was opened. */
export interface OpenDirectory {
  /** Some further names, at most `maxEntries`; undefined when there are no more. */
  next(maxEntries: number): Awaitable<readonly DirectoryEntry[] | undefined>;
  /** Gives the directory back; called once. */
  close(): Awaitable<void>;
}

/** Room in a file system, as statvfs(3). */
export interface FileSystemStat {
  /** Bytes in a block. */
  readonly blockBytes: number;
  /** Blocks in all. */
  readonly blocks: number;
  /** Blocks that are free. */
  readonly freeBlocks: number;
  /** Blocks that are free to this user. */
  readonly availableBlocks: number;
  /** Files there can be. */
  readonly files: number;
  /** Files that can be made. */
  readonly freeFiles: number;
  /** Files that this user can make. */
  readonly availableFiles: number;
  /** Whether nothing can be changed. */
  readonly readOnly: boolean;
}

/**
 * Files, wherever they are. Paths are absolute, `/`-separated, without `.`, `..`, empty parts
 * and a slash at the end (`/` is the root); names are texts of `decodeName()`. Every method throws
 * `SftpError` for what a client is to be told; any other error is a defect, of which the client
 * only hears that something failed.
 *
 * What takes well below a millisecond may be answered at once, the rest by a promise.
 */
export interface Files {
  /** Bytes that are best read or written at a time. Default: 262,144. */
  readonly chunkBytes?: number;
  /** Whether calls take effect in the order in which they were made, without waiting in between. */
  readonly inOrder?: boolean;
  /** Whatever a name leads to, symbolic links followed. */
  stat(path: string): Awaitable<FileStat>;
  /** Whatever has the name, a symbolic link itself. */
  lstat(path: string): Awaitable<FileStat>;
  /** Changes attributes; of a symbolic link itself unless `follow`. */
  setstat(path: string, attributes: FileAttributes, options: { follow: boolean }): Awaitable<void>;
  /** Opens a plain file. */
  open(path: string, mode: OpenMode): Awaitable<OpenFile>;
  /** Opens a directory. */
  list(path: string): Awaitable<OpenDirectory>;
  /** Removes a name that is not a directory's. */
  remove(path: string): Awaitable<void>;
  /** Makes a directory, with permission bits before the umask. */
  mkdir(path: string, mode?: number): Awaitable<void>;
  /** Removes an empty directory. */
  rmdir(path: string): Awaitable<void>;
  /** The path without symbolic links; the last part may be missing. */
  realpath(path: string): Awaitable<string>;
  /** Renames; where the new name is taken it fails, or takes its place if `replace`. */
  rename(from: string, to: string, options: { replace: boolean }): Awaitable<void>;
  /** Gives a file a second name. */
  link(from: string, to: string): Awaitable<void>;
  /** What a symbolic link says, as a client may read it. */
  readlink(path: string): Awaitable<string>;
  /** Makes a symbolic link that says `target`. */
  symlink(path: string, target: string): Awaitable<void>;
  /** Room in the file system of a path. */
  statvfs(path: string): Awaitable<FileSystemStat>;
}

/** Files as a session serves them. */
export interface FileBackend extends Files {
  /** The part below a directory as a backend of its own, out of which nothing leads. */
  subtree(path: string): Awaitable<FileBackend>;
  /** Names of users and groups, empty where there are none. */
  names?(ids: { readonly uids: readonly number[]; readonly gids: readonly number[] }): Awaitable<{
    readonly users: readonly string[];
    readonly groups: readonly string[];
  }>;
}
