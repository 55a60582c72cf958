import { join } from "node:path";

import { freePort } from "../../tools/free_port.ts";
import { runProgram } from "./cli.ts";
import { untilListening } from "./ssh.ts";

const SSHD = "/usr/sbin/sshd";

/** OpenSSH's server on a port of loopback, for one key. */
export class Sshd implements AsyncDisposable {
  /** `tcp://127.0.0.1:<port>`. */
  readonly target: string;
  /** Of its host key. */
  readonly fingerprint: string;
  /** Its port. */
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #directory: string;

  private constructor(child: Deno.ChildProcess, directory: string, port: number, print: string) {
    this.#child = child;
    this.#directory = directory;
    this.port = port;
    this.target = `tcp://127.0.0.1:${port}`;
    this.fingerprint = print;
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Starts one that lets the owner of a public key in, as the user who runs this. */
  static async start(publicKey: string, settings: readonly string[] = []): Promise<Sshd> {
    const directory = await Deno.makeTempDir({ prefix: "alknet-sshd-" });
    const hostKey = join(directory, "host");
    await runProgram("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", hostKey]);
    const { out } = await runProgram("ssh-keygen", ["-lf", `${hostKey}.pub`]);
    await Deno.copyFile(publicKey, join(directory, "authorized"));
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true });
    const port = freePort();
    const options = [
      `HostKey=${hostKey}`,
      `AuthorizedKeysFile=${join(directory, "authorized")}`,
      "StrictModes=no",
      "UsePAM=no",
      "PidFile=none",
      "ListenAddress=127.0.0.1",
      ...settings,
    ].flatMap((option) => ["-o", option]);
    const child = new Deno.Command(SSHD, {
      args: ["-D", "-e", "-f", "/dev/null", "-p", String(port), ...options],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await untilListening(port);
    return new Sshd(child, directory, port, out.split(" ")[1] ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Deno.remove(this.#directory, { recursive: true });
  }
}
