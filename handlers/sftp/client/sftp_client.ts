import type { Stream } from "@alknet/core";

import type { Files, FileStat, FileSystemStat, OpenMode } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import type { FileAttributes } from "../wire/attributes.ts";
import { ByteReader } from "../wire/byte_reader.ts";
import { OpenFlag, StatusCode } from "../wire/codes.ts";
import type { Extension } from "../wire/fields.ts";
import { type ExtensionKind, EXTENSIONS } from "../wire/requests.ts";
import { RemoteDirectory, RemoteFile } from "./remote_file.ts";
import { expect, expectOk, onlyName, statFrom } from "./replies.ts";
import { type NewRequest, RequestPipe } from "./request_pipe.ts";

/** What {@linkcode connectSftp} can be told. */
export interface SftpClientOptions {
  /** Gives the session up. */
  readonly signal?: AbortSignal;
}

/** Data in one packet where the server does not tell its limit; every server takes that much. */
const SAFE_CHUNK_BYTES = 32_768;
const MAX_CHUNK_BYTES = 261_120;

/** A hash a server made of a range of a file. */
export interface RemoteHash {
  /** The one of the offered algorithms that it took. */
  readonly algorithm: string;
  /** The hash, or the hashes of the blocks one after the other. */
  readonly hash: Uint8Array;
}

/**
 * Begins an SFTP session on a stream and waits for the server's greeting.
 *
 * @param stream Carries the session; nobody else may use it.
 * @param options An end.
 * @returns The client; dispose of it to end the session.
 * @throws {SftpError} When the server refuses.
 * @throws {WireError} When it does not speak SFTP.
 *
 * @example
 * ```ts
 * import { memoryPair } from "@alknet/core/testing";
 * import { connectSftp, memoryFiles, serveSession } from "@alknet/sftp";
 * import { strictEqual } from "node:assert/strict";
 *
 * const [client, server] = memoryPair();
 * const stream = await client.openStream();
 * const connecting = connectSftp(stream);
 * for await (const incoming of server.streams) {
 *   const serving = serveSession(incoming, memoryFiles());
 *   const files = await connecting;
 *   await files.mkdir("/docs");
 *   strictEqual((await files.stat("/docs")).mode & 0o777, 0o777);
 *   await files[Symbol.asyncDispose]();
 *   await serving;
 *   break;
 * }
 * client.close();
 * ```
 */
export async function connectSftp(
  stream: Stream,
  { signal }: SftpClientOptions = {},
): Promise<SftpClient> {
  signal?.throwIfAborted();
  const abortEarly = (): void => stream.reset();
  signal?.addEventListener("abort", abortEarly, { once: true });
  try {
    const { pipe, hello } = await RequestPipe.open(stream);
    const client = new SftpClient(pipe, hello.extensions, signal);
    await client.learnLimits();
    return client;
  } finally {
    signal?.removeEventListener("abort", abortEarly);
  }
}

/**
 * The files of a server. Requests are sent at once and in order, so any number may be under way;
 * `copyTree()` and `copyFile()` copy to and from here.
 */
export class SftpClient implements Files, AsyncDisposable {
  /** Requests take effect in the order of their sending. */
  readonly inOrder = true;
  /** Extensions the server announced, by name. */
  readonly extensions: ReadonlyMap<string, string>;
  readonly #pipe: RequestPipe;
  readonly #signal?: AbortSignal;
  #chunkBytes = SAFE_CHUNK_BYTES;

  /** Takes a session that has begun; see {@linkcode connectSftp}. */
  constructor(pipe: RequestPipe, extensions: readonly Extension[], signal?: AbortSignal) {
    this.#pipe = pipe;
    this.extensions = new Map(extensions.map(({ name, data }) => [name, data]));
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
  }

  /** Bytes of data in one packet, as far as the server told. */
  get chunkBytes(): number {
    return this.#chunkBytes;
  }

  /** Whether the server announced an extension. */
  offers(kind: ExtensionKind): boolean {
    return this.extensions.has(EXTENSIONS.get(kind)?.name ?? "");
  }

  /** Asks how much a packet may carry, where the server tells. */
  async learnLimits(): Promise<void> {
    if (!this.offers("limits")) return;
    const reader = new ByteReader(expect("extended", await this.#send({ kind: "limits" })).payload);
    const [, read, write] = [reader.u64(), reader.u64(), reader.u64(), reader.u64()] as const;
    const told = Math.min(read || SAFE_CHUNK_BYTES, write || SAFE_CHUNK_BYTES);
    this.#chunkBytes = Math.min(MAX_CHUNK_BYTES, told);
  }

  /** Whatever a name leads to, symbolic links followed. */
  async stat(path: string): Promise<FileStat> {
    return statFrom(expect("attrs", await this.#send({ kind: "stat", path })).attrs);
  }

  /** Whatever has the name, a symbolic link itself. */
  async lstat(path: string): Promise<FileStat> {
    return statFrom(expect("attrs", await this.#send({ kind: "lstat", path })).attrs);
  }

  /** Changes attributes; of a symbolic link itself unless `follow`, the default. */
  async setstat(
    path: string,
    attrs: FileAttributes,
    { follow }: { follow: boolean } = { follow: true },
  ): Promise<void> {
    expectOk(await this.#send({ kind: follow ? "setstat" : "lsetstat", path, attrs }));
  }

  /** Opens a file. */
  async open(path: string, mode: OpenMode): Promise<RemoteFile> {
    const flags = (mode.read ? OpenFlag.Read : 0) | (mode.write ? OpenFlag.Write : 0) |
      (mode.append ? OpenFlag.Append : 0) | (mode.create ? OpenFlag.Create : 0) |
      (mode.truncate ? OpenFlag.Truncate : 0) | (mode.exclusive ? OpenFlag.Exclusive : 0);
    const attrs = mode.mode === undefined ? {} : { mode: mode.mode };
    const { handle } = expect("handle", await this.#send({ kind: "open", path, flags, attrs }));
    return new RemoteFile(this.#pipe, handle.slice(), this.#chunkBytes);
  }

  /** Opens a directory. */
  async list(path: string): Promise<RemoteDirectory> {
    const { handle } = expect("handle", await this.#send({ kind: "opendir", path }));
    return new RemoteDirectory(this.#pipe, handle.slice());
  }

  /** Removes a name that is not a directory's. */
  async remove(path: string): Promise<void> {
    expectOk(await this.#send({ kind: "remove", path }));
  }

  /** Makes a directory. */
  async mkdir(path: string, mode?: number): Promise<void> {
    const attrs = mode === undefined ? {} : { mode };
    expectOk(await this.#send({ kind: "mkdir", path, attrs }));
  }

  /** Removes an empty directory. */
  async rmdir(path: string): Promise<void> {
    expectOk(await this.#send({ kind: "rmdir", path }));
  }

  /** The path without symbolic links. */
  async realpath(path: string): Promise<string> {
    return onlyName(await this.#send({ kind: "realpath", path }));
  }

  /** With `replace`, the server's `posix-rename` where it has that. */
  async rename(
    from: string,
    to: string,
    { replace }: { replace: boolean } = { replace: false },
  ): Promise<void> {
    const kind = replace && this.offers("posixRename") ? "posixRename" : "rename";
    expectOk(await this.#send({ kind, from, to }));
  }

  /** Gives a file a second name. */
  async link(from: string, to: string): Promise<void> {
    expectOk(await this.#send({ kind: "hardlink", from, to }));
  }

  /** What a symbolic link says. */
  async readlink(path: string): Promise<string> {
    return onlyName(await this.#send({ kind: "readlink", path }));
  }

  /** Makes a symbolic link that says `target`. */
  async symlink(path: string, target: string): Promise<void> {
    expectOk(await this.#send({ kind: "symlink", path, target }));
  }

  /** Room in the file system of a path. */
  async statvfs(path: string): Promise<FileSystemStat> {
    const reply = await this.#send({ kind: "statvfs", path });
    return statvfsFrom(new ByteReader(expect("extended", reply).payload));
  }

  /** Copies within the server; a length of 0 means up to the end. */
  async copyData(from: RemoteFile, to: RemoteFile, range: CopyRange = {}): Promise<void> {
    const { fromOffset = 0, length = 0, toOffset = 0 } = range;
    const handles = { from: from.handle, to: to.handle };
    expectOk(await this.#send({ kind: "copyData", ...handles, fromOffset, length, toOffset }));
  }

  /**
   * Has the server hash a file, or a range of one.
   *
   * @param path The file.
   * @param range A length of 0 means up to the end; `blockBytes` of 0, the default, one hash.
   */
  async checkFile(path: string, range: CheckRange = {}): Promise<RemoteHash> {
    const { algorithms = "sha256", offset = 0, length = 0, blockBytes = 0 } = range;
    const request = { kind: "checkName", path, algorithms, offset, length, blockBytes } as const;
    const reader = new ByteReader(expect("extended", await this.#send(request)).payload);
    if (reader.name() !== "check-file") throw new SftpError(StatusCode.BadMessage);
    return { algorithm: reader.name(), hash: reader.rest() };
  }

  /** Ends the session after everything that is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#abort);
    await this.#pipe.close();
  }

  readonly #abort = (): void => this.#pipe.abort(this.#signal?.reason);

  #send(request: NewRequest): ReturnType<RequestPipe["send"]> {
    return this.#pipe.send(request);
  }
}

/** What {@linkcode SftpClient.copyData} copies. */
export interface CopyRange {
  /** Default: 0. */
  readonly fromOffset?: number;
  /** Default: 0, up to the end. */
  readonly length?: number;
  /** Default: 0. */
  readonly toOffset?: number;
}

/** What {@linkcode SftpClient.checkFile} hashes, and how. */
export interface CheckRange {
  /** Names of algorithms, most wanted first, with commas. Default: `"sha256"`. */
  readonly algorithms?: string;
  /** Default: 0. */
  readonly offset?: number;
  /** Default: 0, up to the end. */
  readonly length?: number;
  /** Bytes of a block that gets a hash of its own. Default: 0, one hash for all. */
  readonly blockBytes?: number;
}

function statvfsFrom(reader: ByteReader): FileSystemStat {
  const [, blockBytes, blocks, freeBlocks, availableBlocks, files, freeFiles, availableFiles] =
    Array.from({ length: 8 }, () => reader.u64());
  reader.u64();
  const readOnly = (reader.u64() & 1) !== 0;
  return {
    blockBytes: blockBytes ?? 0,
    blocks: blocks ?? 0,
    freeBlocks: freeBlocks ?? 0,
    availableBlocks: availableBlocks ?? 0,
    files: files ?? 0,
    freeFiles: freeFiles ?? 0,
    availableFiles: availableFiles ?? 0,
    readOnly,
  };
}
