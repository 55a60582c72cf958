import { dirname } from "node:path";

/**
 * Tells every process that shares a database of a commit: one byte is written to a file after the
 * commit, and the kernel tells whoever watches its directory.
 *
 * The directory holds nothing else and is not watched recursively, for `Deno.watchFs` opens and
 * closes each file that changes: done to a database, that drops the POSIX locks SQLite holds on it,
 * and other programs then corrupt it. (Verified: a committed row was lost.)
 */
export class Bell implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #watcher: Deno.FsWatcher | undefined;

  private constructor(file: Deno.FsFile, watcher: Deno.FsWatcher | undefined) {
    this.#file = file;
    this.#watcher = watcher;
  }

  /**
   * Opens the bell beside a database.
   *
   * @param onRing Called when anybody has rung, this process included.
   * @param onError Called when the kernel cannot tell, now or any more; ringing still works.
   */
  static open(path: string, onRing: () => void, onError: (error: unknown) => void): Bell {
    const ring = `${path}.bell/ring`;
    Deno.mkdirSync(dirname(ring), { recursive: true, mode: 0o700 });
    const file = Deno.openSync(ring, { create: true, write: true, mode: 0o600 });
    file.writeSync(ONE); // so that ringing needs no space later
    try {
      const watcher = Deno.watchFs(dirname(ring), { recursive: false });
      listen(watcher, onRing).catch(onError);
      return new Bell(file, watcher);
    } catch (error) {
      onError(error);
      return new Bell(file, undefined);
    }
  }

  /** Wakes everybody. */
  ring(): void {
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#file.writeSync(ONE);
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#file.close();
  }
}

const ONE = new Uint8Array([0x31]);

async function listen(watcher: Deno.FsWatcher, onRing: () => void): Promise<void> {
  for await (const { kind } of watcher) {
    if (kind !== "access") onRing();
  }
}
