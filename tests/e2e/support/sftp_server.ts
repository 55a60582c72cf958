import { join } from "node:path";

import { cliArgs, type Outcome, runProgram } from "./cli.ts";

/**
 * A directory served by `alknet sftp-server` to programs that start their server themselves, where
 * OpenSSH's own would be `/usr/lib/openssh/sftp-server`, or an `ssh` that leads to it.
 */
export class StdioServer implements AsyncDisposable {
  /** The directory that is served. */
  readonly root: string;
  /** A directory of the client's. */
  readonly here: string;
  /** A program that is an SFTP server, whatever its arguments. */
  readonly program: string;
  readonly #base: string;

  private constructor(base: string) {
    this.#base = base;
    this.root = join(base, "root");
    this.here = join(base, "here");
    this.program = join(base, "server");
  }

  static async make(): Promise<StdioServer> {
    const base = await Deno.realPath(await Deno.makeTempDir({ prefix: "alknet-sftp-" }));
    const server = new StdioServer(base);
    await Deno.mkdir(server.root);
    await Deno.mkdir(server.here);
    const command = [Deno.execPath(), ...cliArgs(), "sftp-server", "-d", server.root];
    const quoted = command.map((word) => `'${word}'`).join(" ");
    const runtime = "export DENO_DIR=${DENO_DIR:-$HOME/.cache/deno}";
    await Deno.writeTextFile(server.program, `#!/bin/sh\n${runtime}\nexec ${quoted}\n`, {
      mode: 0o755,
    });
    return server;
  }

  /** Writes a file of the client's. */
  async write(name: string, contents: string | Uint8Array): Promise<string> {
    const path = join(this.here, name);
    if (typeof contents === "string") await Deno.writeTextFile(path, contents);
    else await Deno.writeFile(path, contents);
    return path;
  }

  /** Runs OpenSSH's client on lines of commands. */
  sftp(...lines: readonly string[]): Promise<Outcome> {
    const stdin = `${lines.join("\n")}\n`;
    return runProgram("sftp", ["-q", "-D", this.program, "-b", "-"], { stdin });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#base, { recursive: true });
  }
}

/** Bytes that no compression and no luck makes. */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Whether two files have the same bytes. */
export async function sameFiles(first: string, second: string): Promise<boolean> {
  const [a, b] = await Promise.all([first, second].map((path) => Deno.readFile(path)));
  return a !== undefined && b !== undefined && a.length === b.length &&
    a.every((byte, index) => byte === b[index]);
}
