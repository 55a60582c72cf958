import { ConfigIdentities } from "@alknet/core";
import { getLogger } from "@logtape/logtape";
import { type IdentityFile, readIdentities } from "./identities_file.ts";

/** Time between looks at the file; SIGHUP makes one at once. */
const POLL_MS = 500;

const log = getLogger(["alknet", "identities"]);

/** The identities of a file, taken up again whenever it changes; a bad file changes nothing. */
export class LiveIdentities implements AsyncDisposable {
  /** What the endpoint asks. */
  readonly provider: ConfigIdentities;
  readonly #file: string;
  readonly #timer: number;
  #entries: IdentityFile;
  #stamp: string;
  #reloading: Promise<void> = Promise.resolve();

  private constructor(file: string, entries: IdentityFile, stamp: string) {
    this.#file = file;
    this.#entries = entries;
    this.#stamp = stamp;
    this.provider = new ConfigIdentities(entries);
    this.#timer = Number(setInterval(() => this.#look(), POLL_MS));
    Deno.unrefTimer(this.#timer);
  }

  /**
   * Reads the file and begins to watch it.
   *
   * @throws {ConfigError} When the file has a mistake.
   */
  static async open(file: string): Promise<LiveIdentities> {
    const stamp = await stampOf(file);
    return new LiveIdentities(file, await readIdentities(file), stamp);
  }

  /** What the file said when it was last read. */
  get entries(): IdentityFile {
    return this.#entries;
  }

  /**
   * Reads the file again now.
   *
   * @throws {ConfigError} When it has a mistake; the old entries stay.
   */
  reload(): Promise<void> {
    return this.#reloading = this.#reloading.catch(() => {}).then(() => this.#read());
  }

  /** Stops watching. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#reloading.catch(() => {});
  }

  async #look(): Promise<void> {
    const stamp = await stampOf(this.#file);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    await this.reload().catch((error) => log.error("identities.rejected", { error }));
  }

  async #read(): Promise<void> {
    this.#stamp = await stampOf(this.#file);
    const entries = await readIdentities(this.#file);
    this.provider.replace(entries);
    this.#entries = entries;
    log.info("identities.loaded", {
      peers: entries.peers.length,
      tokens: entries.tokens.length,
    });
  }
}

async function stampOf(file: string): Promise<string> {
  try {
    const { mtime, size, ino } = await Deno.stat(file);
    return `${mtime?.getTime()}|${size}|${ino}`;
  } catch {
    return "none"; // a missing file is a state like any other; reading it tells of real trouble
  }
}
