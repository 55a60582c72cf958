import { join } from "node:path";

/** How much is copied. */
export interface Workload {
  readonly rounds: number;
  readonly bulkBytes: number;
  readonly files: number;
}

export const FULL: Workload = { rounds: 3, bulkBytes: 1024 ** 3, files: 10_000 };
export const QUICK: Workload = { rounds: 2, bulkBytes: 128 * 1024 ** 2, files: 1_000 };

const FILES_IN_A_DIRECTORY = 500;
const CHUNK_BYTES = 1024 ** 2;

/** Directories of a run, in memory where the system has room for files there. */
export interface Place extends AsyncDisposable {
  /** What is copied, under the names `big` and `small`. */
  readonly here: string;
  /** What is served. */
  readonly root: string;
  /** Empties everything but the sources. */
  clear(): Promise<void>;
}

/** Makes the files. */
export async function makePlace({ bulkBytes, files }: Workload): Promise<Place> {
  const dir = await hasDirectory("/dev/shm") ? "/dev/shm" : undefined;
  const base = await Deno.makeTempDir({ dir, prefix: "alknet-bench-sftp-" });
  const [here, root] = [join(base, "here"), join(base, "root")];
  await Deno.mkdir(here);
  await Deno.mkdir(root);
  await makeBig(join(here, "big"), bulkBytes);
  await makeSmall(join(here, "small"), files);
  return {
    here,
    root,
    clear: async () => {
      for (const name of ["big-back", "small-back"]) await removed(join(here, name));
      for await (const { name } of Deno.readDir(root)) await removed(join(root, name));
    },
    [Symbol.asyncDispose]: () => Deno.remove(base, { recursive: true }),
  };
}

async function makeBig(path: string, bytes: number): Promise<void> {
  using file = await Deno.create(path);
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let written = 0; written < bytes; written += chunk.length) {
    for (let at = 0; at < chunk.length; at += 65_536) {
      crypto.getRandomValues(chunk.subarray(at, at + 65_536));
    }
    await file.write(chunk);
  }
}

/** Files of 1 to 4 KB, as in source code. */
async function makeSmall(path: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const directory = join(path, `${Math.floor(index / FILES_IN_A_DIRECTORY)}`);
    if (index % FILES_IN_A_DIRECTORY === 0) await Deno.mkdir(directory, { recursive: true });
    await Deno.writeFile(join(directory, `${index}`), new Uint8Array(1_000 + index % 3_000));
  }
}

async function removed(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function hasDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}
