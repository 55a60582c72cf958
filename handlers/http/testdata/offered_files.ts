import {
  FileError,
  type FileFault,
  type FileInfo,
  type FileRoom,
  type FileWriteOptions,
  type OfferedFiles,
  type ReadableFile,
} from "@alknet/core";

/** Files in a map, which fail when they are told to, and know what is open. */
export class MapFiles implements OfferedFiles {
  /** Contents by path; undefined for folders. */
  readonly all = new Map<string, Uint8Array<ArrayBuffer> | undefined>([["/", undefined]]);
  /** What is listed although no path can name it. */
  readonly nameless: string[] = [];
  /** What to fail with, by the name of a method. */
  readonly faults = new Map<string, FileFault>();
  room_: FileRoom = { readOnly: false, freeBytes: 1_000_000 };
  /** How many files are open. */
  open_ = 0;

  async stat(path: string): Promise<FileInfo> {
    this.#fail("stat");
    if (!this.all.has(path)) throw new FileError("missing", "No such file");
    return await Promise.resolve(this.#info(path));
  }

  async *list(path: string): AsyncGenerator<FileInfo> {
    this.#fail("list");
    for (const each of this.all.keys()) {
      if (each !== "/" && each.slice(0, each.lastIndexOf("/")) === path.replace(/^\/$/, "")) {
        yield await Promise.resolve(this.#info(each));
      }
    }
    for (const name of this.nameless) yield { ...this.#info("/"), name, hasPath: false };
  }

  room(): Promise<FileRoom> {
    this.#fail("room");
    return Promise.resolve(this.room_);
  }

  async open(path: string): Promise<ReadableFile> {
    const info = await this.stat(path);
    const bytes = this.all.get(path);
    if (!bytes) throw new FileError("is-folder", "Is a directory");
    this.open_++;
    return {
      info,
      read: (buffer, position) => {
        const part = bytes.subarray(position, position + buffer.length);
        buffer.set(part);
        return Promise.resolve(part.length);
      },
      [Symbol.asyncDispose]: () => {
        this.open_--;
        return Promise.resolve();
      },
    };
  }

  async write(
    path: string,
    contents: AsyncIterable<Uint8Array>,
    { replace }: FileWriteOptions,
  ): Promise<void> {
    this.#fail("write");
    if (this.all.has(path) && !replace) throw new FileError("exists", "File exists");
    const parts = await Array.fromAsync(contents, (part) => part.slice());
    this.all.set(path, await new Blob(parts).bytes());
  }

  makeFolder(path: string): Promise<void> {
    this.#fail("makeFolder");
    this.all.set(path, undefined);
    return Promise.resolve();
  }

  rename(from: string, to: string): Promise<void> {
    this.#fail("rename");
    this.all.set(to, this.all.get(from));
    return this.remove(from);
  }

  remove(path: string): Promise<void> {
    this.#fail("remove");
    this.all.delete(path);
    return Promise.resolve();
  }

  #info(path: string): FileInfo {
    const bytes = this.all.get(path);
    return {
      name: path.slice(path.lastIndexOf("/") + 1),
      hasPath: true,
      kind: bytes ? "file" : "folder",
      size: bytes?.length ?? 0,
      modifiedAt: new Date(1_700_000_000_000),
      version: `${bytes?.length}`,
    };
  }

  #fail(method: string): void {
    const fault = this.faults.get(method);
    if (fault) throw new FileError(fault, `Told to fail at ${method}`);
  }
}
