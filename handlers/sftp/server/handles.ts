import type { OpenDirectory, OpenFile, OpenMode } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { StatusCode } from "../wire/codes.ts";

/** A file a client holds. */
export interface FileHandle {
  readonly kind: "file";
  readonly path: string;
  readonly file: OpenFile;
  readonly mode: OpenMode;
  /** Its size when it was last looked at, so that reads beyond it ask again. */
  knownSize: number;
}

/** A directory a client lists. */
export interface DirectoryHandle {
  readonly kind: "directory";
  readonly path: string;
  readonly directory: OpenDirectory;
}

/** Either. */
export type Handle = FileHandle | DirectoryHandle;

const HANDLE_BYTES = 4;

/**
 * What a client has open, by the names it has for it. Names are numbers that are not used again
 * soon, so that a client that uses one after closing it gets an error and not another file.
 */
export class Handles {
  readonly #maxCount: number;
  readonly #open = new Map<number, Handle>();
  #next = 0;

  /** Takes how many may be open at a time. */
  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /** @throws {SftpError} When no further one may be opened. */
  assertRoom(): void {
    if (this.#open.size >= this.#maxCount) {
      throw new SftpError(StatusCode.Failure, "Too many open files");
    }
  }

  /** Gives an opened file or directory a name. */
  add(handle: Handle): Uint8Array {
    while (this.#open.has(this.#next)) this.#next = (this.#next + 1) >>> 0;
    const name = new Uint8Array(HANDLE_BYTES);
    new DataView(name.buffer).setUint32(0, this.#next);
    this.#open.set(this.#next, handle);
    this.#next = (this.#next + 1) >>> 0;
    return name;
  }

  /** @throws {SftpError} When the name is not one of a file. */
  file(name: Uint8Array): FileHandle {
    const found = this.any(name);
    if (found.kind === "file") return found;
    throw invalid();
  }

  /** @throws {SftpError} When the name is not one of a directory. */
  directory(name: Uint8Array): DirectoryHandle {
    const found = this.any(name);
    if (found.kind === "directory") return found;
    throw invalid();
  }

  /** @throws {SftpError} When nothing is open under the name. */
  any(name: Uint8Array): Handle {
    const found = this.#open.get(numberOf(name));
    if (!found) throw invalid();
    return found;
  }

  /** Closes what has the name, which is free from then on whatever comes of it. */
  async close(name: Uint8Array): Promise<void> {
    const handle = this.any(name);
    this.#open.delete(numberOf(name));
    await closeHandle(handle);
  }

  /** Closes everything at the end of a session; returns what failed. */
  async closeAll(): Promise<unknown[]> {
    const all = [...this.#open.values()];
    this.#open.clear();
    const results = await Promise.allSettled(all.map(abandonHandle));
    return results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
  }
}

async function closeHandle(handle: Handle): Promise<void> {
  if (handle.kind === "file") await handle.file.close();
  else await handle.directory.close();
}

async function abandonHandle(handle: Handle): Promise<void> {
  if (handle.kind === "file" && handle.file.abandon) await handle.file.abandon();
  else await closeHandle(handle);
}

function numberOf(name: Uint8Array): number {
  if (name.length !== HANDLE_BYTES) return -1;
  return new DataView(name.buffer, name.byteOffset, HANDLE_BYTES).getUint32(0);
}

function invalid(): SftpError {
  return new SftpError(StatusCode.Failure, "Invalid handle");
}
