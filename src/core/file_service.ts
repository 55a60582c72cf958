import type { Blame } from "./errors.ts";
import type { StreamContext } from "./stream_service.ts";

/** What stands under a name. */
export type FileKind = "file" | "folder" | "link" | "other";

/** What is known of a file or folder. */
export interface FileInfo {
  /** Its name, without a path; empty for the root. */
  readonly name: string;
  /** Whether a path can name it. Not where its name is no UTF-8, and is shown with replacements. */
  readonly hasPath: boolean;
  /** What it is. */
  readonly kind: FileKind;
  /** Bytes in it. */
  readonly size: number;
  /** When it was changed last. */
  readonly modifiedAt: Date;
  /** A short text without quotes that changes with what is in it. */
  readonly version: string;
}

/** What a folder still takes. */
export interface FileRoom {
  /** Whether nothing in it may be changed. */
  readonly readOnly: boolean;
  /** Bytes for which there is room. */
  readonly freeBytes: number;
}

/** A file that is open to be read; dispose of it. */
export interface ReadableFile extends AsyncDisposable {
  /** What is known of it. */
  readonly info: FileInfo;
  /** Reads at a place; the count is 0 at the end of the file and may be short before it. */
  read(buffer: Uint8Array<ArrayBuffer>, position: number): Promise<number>;
}

/** How {@linkcode OfferedFiles.write} writes. */
export interface FileWriteOptions {
  /** Whether it may take the place of a file that is there. */
  readonly replace: boolean;
}

/**
 * Files that one handler offers to another for one identity. Paths begin with `/`, which is the
 * root, and nothing leads out of it: `.`, `..` and empty parts are taken as in a URL. Every method
 * throws {@linkcode FileError} for what somebody is to be told.
 */
export interface OfferedFiles {
  /** Whatever a path leads to; a link itself unless it is followed, which is the default. */
  stat(path: string, options?: { readonly follow: boolean }): Promise<FileInfo>;
  /** What is in a folder, links themselves, in no order. */
  list(path: string): AsyncIterable<FileInfo>;
  /** What a folder still takes. */
  room(path: string): Promise<FileRoom>;
  /** Opens a file to read it. */
  open(path: string): Promise<ReadableFile>;
  /** Writes a whole file, which appears when it is complete; else nothing changes. */
  write(
    path: string,
    contents: AsyncIterable<Uint8Array>,
    options: FileWriteOptions,
  ): Promise<void>;
  /** Makes a folder. */
  makeFolder(path: string): Promise<void>;
  /** Gives something another path, which must be free. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, a link, or a folder that is empty. */
  remove(path: string): Promise<void>;
}

/**
 * How a handler with files offers them to others, such as SFTP to the pages of HTTP: the same files
 * under the same rules. Resolves to undefined for whoever has none.
 */
export type FileService = (context: StreamContext) => Promise<OfferedFiles | undefined>;

/** Why something cannot be done with files. */
export type FileFault =
  | "missing"
  | "denied"
  | "exists"
  | "not-empty"
  | "is-folder"
  | "no-folder"
  | "bad-name"
  | "full"
  | "quota"
  | "failed";

/** Thrown by {@linkcode OfferedFiles} for what somebody is to be told. */
export class FileError extends Error {
  /** The class's name. */
  override readonly name = "FileError";
  /** Who has to act: the one who asked, but for a fault of the files themselves. */
  readonly blame: Blame;
  /** Why. */
  readonly fault: FileFault;

  /** Takes the reason, and a text for logs. */
  constructor(fault: FileFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
    this.blame = fault === "failed" || fault === "full" ? "local" : "user";
  }
}
