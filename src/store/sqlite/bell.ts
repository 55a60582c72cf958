import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers";

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
  readonly #onError: (error: unknown) => void;
  #rang = false;
  #again = false;
  #closed = false;

  private constructor(
    file: Deno.FsFile,
    watcher: Deno.FsWatcher | undefined,
    onError: (error: unknown) => void,
  ) {
    this.#file = file;
    this.#watcher = watcher;
    this.#onError = onError;
  }

  /**
   * Opens the bell beside a database.
   *
   * @param onRing Called when anybody has rung, this process included.
   * @param onError Called when ringing fails, or the kernel cannot tell of it (any more).
   */
  static open(path: string, onRing: () => void, onError: (error: unknown) => void): Bell {
    const ring = `${path}.bell/ring`;
    Deno.mkdirSync(dirname(ring), { recursive: true, mode: 0o700 });
    const file = Deno.openSync(ring, { create: true, write: true, mode: 0o600 });
    file.writeSync(ONE); // so that ringing needs no space later
    try {
      const watcher = Deno.watchFs(dirname(ring), { recursive: false });
      listen(watcher, onRing).catch(onError);
      return new Bell(file, watcher, onError);
    } catch (error) {
      onError(error);
      return new Bell(file, undefined, onError);
    }
  }

  /**
   * Wakes everybody: at once, and again at the end of this turn of the event loop if called again in
   * it. (Each ring makes the next commit's flush dearer: the file system writes the bell as well.)
   */
  ring(): void {
    this.#again = this.#rang;
    if (this.#rang || this.#closed) return;
    this.#rang = true;
    this.#strike();
    nextTurn(() => {
      this.#rang = false;
      if (this.#again) this.ring();
    });
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    if (this.#again) this.#strike();
    this.#closed = true;
    this.#watcher?.close();
    this.#file.close();
  }

  #strike(): void {
    try {
      this.#file.seekSync(0, Deno.SeekMode.Start);
      this.#file.writeSync(ONE);
    } catch (error) {
      this.#onError(error); // what it tells of is committed all the same
    }
  }
}

const ONE = new Uint8Array([0x31]);

async function listen(watcher: Deno.FsWatcher, onRing: () => void): Promise<void> {
  for await (const { kind } of watcher) {
    if (kind !== "access") onRing();
  }
}
