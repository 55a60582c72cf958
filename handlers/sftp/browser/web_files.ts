import { type DirectoryEntry, type FileStat, READ_MODE } from "../backend.ts";
import type { SftpClient } from "../client/sftp_client.ts";
import { SftpError } from "../sftp_error.ts";
import { joinPath, splitPath } from "../virtual_path.ts";
import type { Carried, Carrier } from "./carrier.ts";
import { readAhead } from "./read_ahead.ts";
import { writeBehind } from "./write_behind.ts";

/** How far a transfer is. */
export interface TransferProgress {
  /** Bytes that have arrived. */
  readonly bytes: number;
  /** Bytes in all, where that is known. */
  readonly total?: number;
}

/** What a transfer can be told. */
export interface TransferOptions {
  /** Told each time that some bytes have arrived. */
  readonly onProgress?: (progress: TransferProgress) => void;
  /** Breaks it off. */
  readonly signal?: AbortSignal;
}

/** How {@linkcode WebFiles.read} reads. */
export interface ReadOptions extends TransferOptions {
  /** First byte. Default: 0. */
  readonly begin?: number;
  /** The byte after the last. Default: the end of the file. */
  readonly end?: number;
}

/** How {@linkcode WebFiles.write} writes. */
export interface WriteOptions extends TransferOptions {
  /** Whether it may take the place of a file that is there. Default: false. */
  readonly replace?: boolean;
}

const NEW_FILE = { ...READ_MODE, read: false, write: true, create: true, exclusive: true };
const NAME_CHARACTERS = 180;
/** Time for a node to end its side. */
const GOODBYE_MS = 5_000;

/**
 * The files of a node, as a page has them. Paths begin with `/`, the root of what it may see.
 *
 * @example
 * ```ts
 * import { memoryPair } from "@alknet/core/testing";
 * import { connectSftp, memoryFiles, serveSession } from "@alknet/sftp";
 * import { WebFiles } from "@alknet/sftp/browser";
 * import { strictEqual } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * const stream = await client.openStream();
 * const connecting = connectSftp(stream);
 * for await (const incoming of server.streams) {
 *   serveSession(incoming, memoryFiles());
 *   break;
 * }
 * const close = () => client.close();
 * await using files = new WebFiles(await connecting, { carrier: "websocket", stream, close });
 * await files.write("/note.txt", new Blob(["hello"]));
 * strictEqual(await new Response(await files.read("/note.txt")).text(), "hello");
 * ```
 */
export class WebFiles implements AsyncDisposable {
  /** The client below, for what is not offered here. */
  readonly client: SftpClient;
  readonly #carried: Carried;

  /** Takes a session that has begun; see {@linkcode connectFiles}. */
  constructor(client: SftpClient, carried: Carried) {
    this.client = client;
    this.#carried = carried;
  }

  /** What carries the session. */
  get carrier(): Carrier {
    return this.#carried.carrier;
  }

  /**
   * What is in a directory, in no order.
   *
   * @throws {SftpError} For what is no directory, or may not be read.
   */
  async *list(path: string): AsyncGenerator<DirectoryEntry> {
    const directory = await this.client.list(path);
    try {
      for (let part = await directory.next(); part; part = await directory.next()) yield* part;
    } finally {
      await directory.close();
    }
  }

  /** What a path leads to. @throws {SftpError} Where that is nothing. */
  async stat(path: string): Promise<FileStat> {
    return await this.client.stat(path);
  }

  /**
   * Reads a file, or a range of one, several chunks ahead of whoever takes them.
   *
   * @throws {SftpError} Where it may not be read; the stream fails with it where it fails later.
   */
  async read(path: string, options: ReadOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const file = await this.client.open(path, READ_MODE);
    try {
      const { size } = await file.stat();
      const { begin = 0, end = size } = options;
      const { chunkBytes } = this.client;
      return readAhead(file, { ...options, begin, end: Math.min(end, size), chunkBytes });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Writes a whole file, such as one that was chosen in a form. It appears when it is complete; an
   * upload that is broken off leaves nothing.
   *
   * @throws {SftpError} Where it may not be written, is there already, or there is no room.
   */
  async write(
    path: string,
    contents: Blob | ReadableStream<Uint8Array>,
    { replace = false, ...transfer }: WriteOptions = {},
  ): Promise<void> {
    const { parent, name } = splitPath(path);
    const tag = crypto.randomUUID().slice(0, 8);
    const part = joinPath(parent, `.${name.slice(0, NAME_CHARACTERS)}.${tag}.part`);
    const total = contents instanceof Blob ? contents.size : undefined;
    const parts = contents instanceof Blob ? contents.stream() : contents;
    const file = await this.client.open(part, NEW_FILE);
    try {
      try {
        await writeBehind(file, parts, { ...transfer, total });
      } finally {
        await file.close();
      }
      await this.client.rename(part, path, { replace });
    } catch (error) {
      await this.#drop(part);
      throw error;
    }
  }

  /** Makes a directory. @throws {SftpError} */
  async mkdir(path: string): Promise<void> {
    await this.client.mkdir(path);
  }

  /** Gives something another path, which must be free. @throws {SftpError} */
  async rename(from: string, to: string): Promise<void> {
    await this.client.rename(from, to);
  }

  /** Removes a file or a link. @throws {SftpError} Also for a directory. */
  async remove(path: string): Promise<void> {
    await this.client.remove(path);
  }

  /** Removes an empty directory. @throws {SftpError} */
  async rmdir(path: string): Promise<void> {
    await this.client.rmdir(path);
  }

  /** Ends the session after everything that is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    const late = setTimeout(() => this.#carried.close(), GOODBYE_MS);
    await this.client[Symbol.asyncDispose]();
    clearTimeout(late);
    this.#carried.close();
  }

  /** The first error counts; a session that is over has taken its files along, or left them. */
  async #drop(path: string): Promise<void> {
    try {
      await this.client.remove(path);
    } catch (error) {
      if (!(error instanceof SftpError)) throw error;
    }
  }
}
