import type { TerminalSize } from "@alknet/core";

import { PtyError } from "./errors.ts";
import {
  type ExitStatus,
  exitStatus,
  hangUpGroup,
  type ProgramSpec,
  signalGroup,
} from "./program.ts";
import type { Pty, PtyProvider } from "./pty.ts";

/** Terminals by the programs `script` and `stty`, without native code; undefined without them. */
export async function scriptPtyProvider(): Promise<PtyProvider | undefined> {
  const there = await Promise.all(["script", "stty", "tty"].map(isInstalled));
  if (Deno.build.os !== "linux" || there.includes(false)) return undefined;
  return { name: "script", open: (program, size) => ScriptPty.open(program, size) };
}

/**
 * `script` makes the terminal and runs the program on it. The terminal's name and the program's
 * number are written to a file: through the one `stty` changes the size, to the other signals go, as
 * `script` would not pass them on. A program that died of a signal ends as in a shell, with a code
 * above 128.
 */
class ScriptPty implements Pty {
  readonly ended: Promise<ExitStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #factsFile: string;

  static async open(program: ProgramSpec, size: TerminalSize): Promise<ScriptPty> {
    const factsFile = await Deno.makeTempFile({ prefix: "alknet-tty-" });
    try {
      return new ScriptPty(program, size, factsFile);
    } catch (cause) {
      await Deno.remove(factsFile);
      throw new PtyError("Cannot open a terminal", { cause });
    }
  }

  private constructor({ argv, env, cwd }: ProgramSpec, size: TerminalSize, factsFile: string) {
    this.#factsFile = factsFile;
    const { columns, rows } = size;
    const line = [
      `{ tty; echo $$; } >${quoted(factsFile)}`,
      `stty rows ${rows} cols ${columns}`,
      `exec ${argv.map(quoted).join(" ")}`,
    ].join("; ");
    this.#child = new Deno.Command("script", {
      args: ["-qefc", line, "/dev/null"],
      // script runs the line with $SHELL, which may be any shell: the line is for sh.
      env: { ...env, SHELL: "/bin/sh" },
      clearEnv: true,
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      detached: true,
    }).spawn();
    this.#reader = this.#child.stdout.getReader();
    this.#writer = this.#child.stdin.getWriter();
    this.ended = this.#child.status.then(exitStatus).finally(() => this.#cleanUp());
  }

  async read(): Promise<Uint8Array | null> {
    const { value, done } = await this.#reader.read();
    return done ? null : value;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes).catch(() => {}); // the end of the program tells
  }

  signal(name: string): void {
    this.#leader().then((pid) => signalGroup(pid, name));
  }

  resize({ columns, rows }: TerminalSize): void {
    const line = `stty -F "$(head -n 1 ${quoted(this.#factsFile)})" rows ${rows} cols ${columns}`;
    new Deno.Command("sh", { args: ["-c", line], stdin: "null", stdout: "null", stderr: "null" })
      .output().catch(() => {}); // it has ended meanwhile
  }

  async hangUp(): Promise<void> {
    await hangUpGroup(await this.#leader(), this.#child.status);
  }

  /** The program, which `exec` has put in the place of a shell; `script` before that. */
  async #leader(): Promise<number> {
    const facts = await Deno.readTextFile(this.#factsFile).catch(() => "");
    return Number(facts.split("\n")[1]) || this.#child.pid;
  }

  async #cleanUp(): Promise<void> {
    await this.#writer.abort().catch(() => {});
    await Deno.remove(this.#factsFile).catch(() => {});
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function isInstalled(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `command -v ${program}`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}
