import type { DirectoryEntry, FileStat, OpenDirectory, OpenFile } from "../backend.ts";
import type { FileAttributes } from "../wire/attributes.ts";
import { WireError } from "../wire/wire_error.ts";
import { expect, expectOk, isEof, statFrom } from "./replies.ts";
import type { RequestPipe } from "./request_pipe.ts";

/** A file that a server holds open for this client. */
export class RemoteFile implements OpenFile {
  /** The server's name for it. */
  readonly handle: Uint8Array;
  readonly #pipe: RequestPipe;
  readonly #chunkBytes: number;

  /** Takes the server's name for an open file, and how much data a packet may carry. */
  constructor(pipe: RequestPipe, handle: Uint8Array, chunkBytes: number) {
    this.#pipe = pipe;
    this.handle = handle;
    this.#chunkBytes = chunkBytes;
  }

  /** Reads at most as much as one packet carries; the count is 0 at the end. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    const { handle } = this;
    const length = Math.min(buffer.length, this.#chunkBytes);
    const reply = await this.#pipe.send({ kind: "read", handle, offset: position, length });
    if (isEof(reply)) return 0;
    const { data } = expect("data", reply);
    if (data.length > length) throw new WireError("Peer sent more than was asked for");
    buffer.set(data);
    return data.length;
  }

  /** Writes, in as many requests as it takes; it resolves when the server has taken all. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    const { handle } = this;
    const writes: Promise<void>[] = [];
    for (let at = 0; at < bytes.length || at === 0; at += this.#chunkBytes) {
      const data = bytes.subarray(at, at + this.#chunkBytes);
      writes.push(
        this.#pipe.send({ kind: "write", handle, offset: position + at, data }).then(expectOk),
      );
    }
    await Promise.all(writes);
  }

  /** What is known of it now. */
  async stat(): Promise<FileStat> {
    const reply = await this.#pipe.send({ kind: "fstat", handle: this.handle });
    return statFrom(expect("attrs", reply).attrs);
  }

  /** Changes attributes, its size among them. */
  async setstat(attrs: FileAttributes): Promise<void> {
    expectOk(await this.#pipe.send({ kind: "fsetstat", handle: this.handle, attrs }));
  }

  /**
   * Makes what was written survive a power cut.
   *
   * @throws {SftpError} Also where the server does not know `fsync@openssh.com`.
   */
  async sync(): Promise<void> {
    expectOk(await this.#pipe.send({ kind: "fsync", handle: this.handle }));
  }

  /** Gives it back. */
  async close(): Promise<void> {
    expectOk(await this.#pipe.send({ kind: "close", handle: this.handle }));
  }
}

/** A directory that a server lists for this client. */
export class RemoteDirectory implements OpenDirectory {
  readonly #pipe: RequestPipe;
  readonly #handle: Uint8Array;

  /** Takes the server's name for an open directory. */
  constructor(pipe: RequestPipe, handle: Uint8Array) {
    this.#pipe = pipe;
    this.#handle = handle;
  }

  /** As many names as the server puts into one packet, `.` and `..` left out. */
  async next(): Promise<readonly DirectoryEntry[] | undefined> {
    const reply = await this.#pipe.send({ kind: "readdir", handle: this.#handle });
    if (isEof(reply)) return undefined;
    return expect("name", reply).entries
      .filter(({ name }) => isFileName(name))
      .map(({ name, attrs }) => ({ name, stat: statFrom(attrs) }));
  }

  /** Gives it back. */
  async close(): Promise<void> {
    expectOk(await this.#pipe.send({ kind: "close", handle: this.#handle }));
  }
}

/** A server that puts a path where a name belongs would write outside of the copied directory. */
function isFileName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}
