import type {
  FileInfo,
  FileKind,
  FileRoom,
  FileService,
  FileWriteOptions,
  OfferedFiles,
  ReadableFile,
  StreamContext,
} from "@alknet/core";

import type { Awaitable, FileBackend, FileStat, OpenFile, OpenMode } from "./backend.ts";
import { READ_MODE } from "./backend.ts";
import { atomicUploads } from "./backends/atomic_uploads.ts";
import { telling } from "./file_fault.ts";
import { SftpError } from "./sftp_error.ts";
import { statIfThere } from "./stat_if_there.ts";
import { canonicalPath, splitPath } from "./virtual_path.ts";
import { isDirectory, isFile, isLink } from "./wire/attributes.ts";
import { StatusCode } from "./wire/codes.ts";
import { isPlainName } from "./wire/file_name.ts";

/** Names that are read at a time. */
const ENTRIES_AT_ONCE = 128;

/**
 * Offers the files of SFTP to other handlers, such as the pages of HTTP: everything goes through the
 * same backend, so the same rights and quotas hold. A file that is written appears when it is
 * complete, whatever the backend does for SFTP.
 *
 * @param files The files of somebody; undefined for whoever has none.
 * @returns What another handler is given.
 *
 * @example
 * ```ts
 * import { fileService, memoryFiles } from "@alknet/sftp";
 * import { strictEqual } from "node:assert/strict";
 *
 * const all = memoryFiles();
 * const service = fileService(() => all);
 * const remoteAddr = { hostname: "127.0.0.1", port: 1 };
 * const files = await service({ remoteAddr, signal: new AbortController().signal });
 * await files?.makeFolder("/docs");
 * strictEqual((await files?.stat("/docs"))?.kind, "folder");
 * ```
 */
export function fileService(
  files: (context: StreamContext) => Awaitable<FileBackend | undefined>,
): FileService {
  return async (context) => {
    const backend = await telling(() => files(context));
    return backend && new BackendFiles(atomicUploads(backend));
  };
}

class BackendFiles implements OfferedFiles {
  readonly #files: FileBackend;

  constructor(files: FileBackend) {
    this.#files = files;
  }

  stat(path: string, { follow }: { readonly follow: boolean } = FOLLOW): Promise<FileInfo> {
    return telling(async () => {
      const canonical = canonicalPath(path);
      const stat = await (follow ? this.#files.stat(canonical) : this.#files.lstat(canonical));
      return infoOf(splitPath(canonical).name, stat);
    });
  }

  async *list(path: string): AsyncGenerator<FileInfo> {
    const directory = await telling(() => this.#files.list(canonicalPath(path)));
    const more = () => telling(() => directory.next(ENTRIES_AT_ONCE));
    try {
      for (let part = await more(); part; part = await more()) {
        for (const { name, stat } of part) yield infoOf(name, stat);
      }
    } finally {
      await directory.close();
    }
  }

  room(path: string): Promise<FileRoom> {
    return telling(async () => {
      const { readOnly, availableBlocks, blockBytes } = await this.#files.statvfs(
        canonicalPath(path),
      );
      return { readOnly, freeBytes: availableBlocks * blockBytes };
    });
  }

  open(path: string): Promise<ReadableFile> {
    return telling(async () => {
      const canonical = canonicalPath(path);
      const file = await this.#files.open(canonical, READ_MODE);
      try {
        return {
          info: infoOf(splitPath(canonical).name, await file.stat()),
          read: (buffer, position) => telling(() => file.read(buffer, position)),
          [Symbol.asyncDispose]: async () => await file.close(),
        };
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  async write(
    path: string,
    contents: AsyncIterable<Uint8Array>,
    { replace }: FileWriteOptions,
  ): Promise<void> {
    const file = await telling(() => this.#create(canonicalPath(path), replace));
    let position = 0;
    try {
      for await (const bytes of contents) {
        await telling(() => file.write(bytes, position));
        position += bytes.length;
      }
    } catch (error) {
      await file.abandon?.();
      throw error;
    }
    await telling(() => file.close());
  }

  makeFolder(path: string): Promise<void> {
    return telling(() => this.#files.mkdir(canonicalPath(path)));
  }

  rename(from: string, to: string): Promise<void> {
    return telling(() =>
      this.#files.rename(canonicalPath(from), canonicalPath(to), { replace: false })
    );
  }

  remove(path: string): Promise<void> {
    return telling(async () => {
      const canonical = canonicalPath(path);
      const isFolder = isDirectory(await this.#files.lstat(canonical));
      await (isFolder ? this.#files.rmdir(canonical) : this.#files.remove(canonical));
    });
  }

  /** Opens a file that is to appear when it is closed; a folder could not be replaced then. */
  async #create(path: string, replace: boolean): Promise<OpenFile> {
    const there = await statIfThere(this.#files, path);
    if (there && isDirectory(there)) throw new SftpError(StatusCode.Failure, "Is a directory");
    return await this.#files.open(path, { ...NEW_FILE, truncate: replace, exclusive: !replace });
  }
}

const FOLLOW = { follow: true };
const NEW_FILE: OpenMode = { ...READ_MODE, read: false, write: true, create: true };

/** A name that is no UTF-8 is shown with what Unicode has for the unreadable. */
function infoOf(name: string, stat: FileStat): FileInfo {
  const { size, mtime, inode } = stat;
  const parts = [inode, size, Math.round(mtime * 1_000)];
  return {
    name: name.toWellFormed(),
    hasPath: isPlainName(name),
    kind: kindOf(stat),
    size,
    modifiedAt: new Date(mtime * 1_000),
    version: parts.map((part) => part.toString(36)).join("-"),
  };
}

function kindOf(stat: FileStat): FileKind {
  if (isDirectory(stat)) return "folder";
  if (isLink(stat)) return "link";
  return isFile(stat) ? "file" : "other";
}
