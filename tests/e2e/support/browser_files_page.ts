/** What the page of `browser_files_test.ts` runs: the story of files, told by a browser. */
import { type Carrier, connectFiles, SftpError, type WebFiles } from "@alknet/sftp/browser";

const BYTES = 5_000_000;

interface StoryOptions {
  readonly token: string;
  readonly carriers?: readonly Carrier[];
  readonly hash: readonly number[];
}

/** Uploads, reads back, lists, renames and removes; returns what it saw. */
async function story({ token, carriers, hash }: StoryOptions) {
  const node = location.origin;
  const certificateHashes = [new Uint8Array(hash)];
  const carrierTimeoutMs = 60_000; // other tests load the machine
  await using files = await connectFiles({
    node,
    token,
    carriers,
    carrierTimeoutMs,
    certificateHashes,
  });
  const { carrier } = files;
  const bytes = randomBytes(BYTES);
  const progress: number[] = [];
  await files.mkdir("/docs");
  await files.write("/docs/movie.bin", new Blob([bytes]), {
    onProgress: ({ bytes }) => progress.push(bytes),
  });
  const contents = await files.read("/docs/movie.bin");
  const same = await sha256(bytes) === await sha256(await new Response(contents).bytes());
  const listed = await namesIn(files, "/docs");
  await files.rename("/docs/movie.bin", "/docs/film.bin");
  const { size } = await files.stat("/docs/film.bin");
  const refused = await files.rmdir("/docs").catch((error) => wordsOf(error));
  await files.remove("/docs/film.bin");
  await files.rmdir("/docs");
  const told = progress.length > 2 && progress.at(-1) === BYTES;
  return { carrier, same, listed, size, refused, told, left: await namesIn(files, "/") };
}

function wordsOf(error: unknown): string {
  return error instanceof SftpError ? error.message : String(error);
}

async function namesIn(files: WebFiles, path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of files.list(path)) names.push(name);
  return names;
}

function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).join();
}

Object.assign(globalThis, { story });
