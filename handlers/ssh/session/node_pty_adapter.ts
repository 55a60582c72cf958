import { Buffer } from "node:buffer";
import { constants } from "node:os";
import { kill } from "node:process";
import type { TerminalSize } from "@alknet/core";
import type { IPty } from "@lydell/node-pty";

import { PtyError } from "./errors.ts";
import { type ExitStatus, hangUpGroup, signalGroup } from "./program.ts";
import type { Pty, PtyProvider } from "./pty.ts";

/** Bytes typed at a time: what a terminal in raw mode takes at once. */
const PIECE_BYTES = 4_096;
/** How often a write that is stuck is set going again. */
const KICK_MS = 3;
/** Bytes shown and not yet read before the program has to wait. */
const MAX_BUFFERED_BYTES = 262_144;

/** How often a terminal that is held back is looked after: node-pty drops its rest 200 ms after the end. */
const WATCH_MS = 50;

/** What node-pty has beside its published interface. */
interface NodePtyInternals {
  readonly _socket: { write(data: Buffer, done: () => void): boolean };
  on(event: "error", listener: () => void): void;
}

/** Terminals by the native module node-pty; undefined where it does not load, as in the bundle. */
export async function nodePtyProvider(): Promise<PtyProvider | undefined> {
  try {
    const { spawn } = await import("@lydell/node-pty");
    return {
      name: "node-pty",
      open({ argv: [program, ...args], env, cwd }, { columns, rows }): Promise<Pty> {
        try {
          const size = { cols: columns, rows };
          const options = { ...size, name: env.TERM, cwd, env: { ...env }, encoding: null };
          return Promise.resolve(new NodePty(spawn(program, args, options)));
        } catch (cause) {
          return Promise.reject(new PtyError("Cannot open a terminal", { cause }));
        }
      },
    };
  } catch {
    return undefined; // no prebuilt binary for this system, or none beside this program
  }
}

class NodePty implements Pty {
  readonly ended: Promise<ExitStatus>;
  readonly #term: IPty & NodePtyInternals;
  #watch?: ReturnType<typeof setInterval>;
  #chunks: Uint8Array[] = [];
  #bufferedBytes = 0;
  #paused = false;
  #over = false;
  #changed = Promise.withResolvers<void>();

  constructor(term: IPty) {
    this.#term = withInternals(term);
    // Without a listener of ours node-pty throws where nobody can catch it.
    this.#term.on("error", () => {});
    const { promise, resolve } = Promise.withResolvers<ExitStatus>();
    this.ended = promise;
    // With `encoding: null` data is bytes, whatever the types say.
    term.onData((data: unknown) => this.#received(data));
    term.onExit(({ exitCode, signal }) => {
      this.#over = true;
      clearInterval(this.#watch);
      this.#change();
      resolve(signal ? { signal: signalName(signal) } : { code: exitCode });
    });
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#chunks.length === 0) {
      if (this.#over) return null;
      await this.#changed.promise;
    }
    const chunk = this.#chunks.shift() ?? new Uint8Array(0);
    this.#bufferedBytes -= chunk.length;
    if (this.#paused && this.#bufferedBytes < MAX_BUFFERED_BYTES / 2) this.#pause(false);
    return chunk;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#over; at += PIECE_BYTES) {
      await this.#type(bytes.subarray(at, at + PIECE_BYTES));
    }
  }

  signal(name: string): void {
    signalGroup(this.#term.pid, name);
  }

  resize({ columns, rows }: TerminalSize): void {
    if (!this.#over) this.#term.resize(columns, rows);
  }

  hangUp(): Promise<void> {
    return hangUpGroup(this.#term.pid, this.ended);
  }

  /**
   * On Deno a write that met a full terminal is never taken up again and its callback never comes;
   * pausing and resuming the reading side wakes it (docs/adr/0020).
   */
  async #type(piece: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const kick = setInterval(() => this.#kick(), KICK_MS);
    try {
      this.#term._socket.write(Buffer.from(piece), resolve);
      await Promise.race([promise, this.ended]);
    } finally {
      clearInterval(kick);
    }
  }

  #kick(): void {
    if (this.#over || this.#paused) return;
    this.#term.pause();
    this.#term.resume();
  }

  #received(data: unknown): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : toBytes(data);
    this.#chunks.push(bytes);
    this.#bufferedBytes += bytes.length;
    if (!this.#paused && this.#bufferedBytes > MAX_BUFFERED_BYTES) this.#pause(true);
    this.#change();
  }

  #pause(paused: boolean): void {
    this.#paused = paused;
    clearInterval(this.#watch);
    if (this.#over) return;
    if (paused) {
      this.#term.pause();
      this.#watch = setInterval(() => isAlive(this.#term.pid) || this.#pause(false), WATCH_MS);
    } else this.#term.resume();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** The published interface has no callback of writes, without which input is lost. */
function withInternals(term: IPty): IPty & NodePtyInternals {
  if ("_socket" in term && "on" in term) return term as IPty & NodePtyInternals;
  throw new PtyError("Cannot use node-pty: this version has no socket");
}

function isAlive(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch {
    return false;
  }
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0].replace(/^SIG/, "") ?? "TERM";
}

function toBytes(data: unknown): Uint8Array {
  return data instanceof Uint8Array ? new Uint8Array(data) : new Uint8Array(0);
}
