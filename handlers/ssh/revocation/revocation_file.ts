import { getLogger } from "@logtape/logtape";

import { SshOptionError } from "../errors.ts";
import { isKrl, readKrl } from "./krl.ts";
import { RevocationList, type Revocations, type ShownKey } from "./revoked_keys.ts";

/** What {@linkcode RevocationFile} can be told. */
export interface RevocationFileOptions {
  /** For how long the file is not looked at again. Default: 1,000. */
  readonly recheckMs?: number;
}

const RECHECK_MS = 1_000;
const MAX_BYTES = 4 * 1_024 * 1_024;
const log = getLogger(["alknet", "ssh"]);

/**
 * A file of revocations: lines as of `RevocationList.parse()`, or a key revocation list of OpenSSH.
 * It is read anew when it has changed. While it cannot be read or understood everybody counts as
 * revoked, as with `RevokedKeys` of sshd.
 */
export class RevocationFile implements Revocations {
  readonly #path: string;
  readonly #recheckMs: number;
  #list?: RevocationList;
  #version = "";
  #lookAt = -Infinity;

  /** Reads the file for the first time, which tells the log if that fails. */
  constructor(path: string, { recheckMs = RECHECK_MS }: RevocationFileOptions = {}) {
    this.#path = path;
    this.#recheckMs = recheckMs;
    this.#look();
  }

  /** See {@linkcode Revocations}. */
  covers(key: ShownKey): boolean {
    this.#look();
    return this.#list === undefined || this.#list.covers(key);
  }

  #look(): void {
    if (performance.now() < this.#lookAt) return;
    this.#lookAt = performance.now() + this.#recheckMs;
    const version = versionOf(this.#path);
    if (version === this.#version) return;
    this.#version = version;
    this.#list = this.#read();
  }

  #read(): RevocationList | undefined {
    try {
      const { size } = Deno.statSync(this.#path);
      if (size > MAX_BYTES) throw new SshOptionError(`File has over ${MAX_BYTES} bytes`);
      const bytes = Deno.readFileSync(this.#path);
      if (isKrl(bytes)) return new RevocationList(readKrl(bytes));
      return RevocationList.parse(new TextDecoder().decode(bytes));
    } catch (error) {
      log.error("ssh.revocations-unreadable", { file: this.#path, error });
      return undefined;
    }
  }
}

/** Differs when the file does: files are replaced by renaming, too. */
function versionOf(path: string): string {
  try {
    const { mtime, size, ino } = Deno.statSync(path);
    return [mtime?.getTime(), size, ino].join();
  } catch {
    return "absent"; // or out of reach, which reading tells
  }
}
