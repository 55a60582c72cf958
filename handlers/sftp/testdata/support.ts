import type { Stream } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";

import {
  connectSftp,
  type FileBackend,
  guardedFiles,
  type OpenMode,
  READ_MODE,
  serveSession,
  type SessionOptions,
  type SftpClient,
} from "../mod.ts";

/** A session in memory: its two ends, and the promise of its service. */
export interface TestSession extends AsyncDisposable {
  readonly client: SftpClient;
  readonly serving: Promise<void>;
}

/** A stream within the process: the end of the client and that of the server. */
export async function streamPair(): Promise<{ near: Stream; far: Stream; close(): void }> {
  const [client, server] = memoryPair({ alpn: "alknet/sftp" });
  const near = await client.openStream();
  for await (const far of server.streams) return { near, far, close: () => client.close() };
  throw new TypeError("No stream came");
}

/** Serves files to a client of ours. */
export async function session(
  files: FileBackend,
  options: SessionOptions = {},
): Promise<TestSession> {
  const { near, far, close } = await streamPair();
  const serving = serveSession(far, files, options);
  const client = await connectSftp(near);
  return {
    client,
    serving,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await serving;
      close();
    },
  };
}

/** How to open a file that is there, to read it. */
export const READ: OpenMode = READ_MODE;

/** How to open a file to write it anew. */
export const WRITE: OpenMode = { ...READ, read: false, write: true, create: true, truncate: true };

/** Puts a file there. */
export async function put(
  files: Pick<FileBackend, "open">,
  path: string,
  contents: string | Uint8Array,
): Promise<void> {
  const file = await files.open(path, WRITE);
  await file.write(typeof contents === "string" ? bytesOf(contents) : contents, 0);
  await file.close();
}

/** The same files with some calls replaced. */
export function replacing(files: FileBackend, calls: Partial<FileBackend>): FileBackend {
  return { ...guardedFiles(files, { read: true, write: true }), ...calls };
}

/** Everything in a file. */
export async function contentsOf(
  files: Pick<FileBackend, "open">,
  path: string,
): Promise<string> {
  const file = await files.open(path, READ);
  const parts: Uint8Array[] = [];
  for (let at = 0;;) {
    const buffer = new Uint8Array(1000);
    const count = await file.read(buffer, at);
    if (count === 0) break;
    parts.push(buffer.subarray(0, count));
    at += count;
  }
  await file.close();
  return await new Blob(parts as Uint8Array<ArrayBuffer>[]).text();
}

/** Names in a directory, sorted. */
export async function namesIn(files: Pick<FileBackend, "list">, path: string): Promise<string[]> {
  const directory = await files.list(path);
  const names: string[] = [];
  for (let part = await directory.next(100); part; part = await directory.next(100)) {
    names.push(...part.map(({ name }) => name));
  }
  await directory.close();
  return names.sort();
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A directory that is gone after the test. */
export async function temporary(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "alknet sftp " }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
