import { join } from "node:path";

/** Where OpenSSH's client goes, and with which key. */
export interface OpenSshOptions {
  readonly port: number;
  readonly privateKey: string;
  /** For the socket of a connection that is shared. */
  readonly directory: string;
}

const SETTINGS = [
  "StrictHostKeyChecking=no",
  "UserKnownHostsFile=/dev/null",
  "GlobalKnownHostsFile=/dev/null",
  "LogLevel=ERROR",
  "IdentitiesOnly=yes",
  "BatchMode=yes",
];
const POLL_MS = 20;

/** OpenSSH's client. */
export class OpenSsh {
  readonly #args: readonly string[];
  readonly #directory: string;

  constructor({ port, privateKey, directory }: OpenSshOptions) {
    this.#directory = directory;
    const options = SETTINGS.flatMap((setting) => ["-o", setting]);
    const target = ["-p", String(port), "-i", privateKey, "root@127.0.0.1"];
    this.#args = ["-F", "/dev/null", ...options, ...target];
  }

  /** Logs in, runs a command to its end, and leaves. */
  async run(command: string, options: readonly string[] = []): Promise<void> {
    await run([...options, ...this.#args, command]);
  }

  /** Logs in and runs nothing, until it is disposed of. */
  async connect(options: readonly string[] = []): Promise<SharedConnection> {
    return await SharedConnection.open(this.#args, this.#directory, options);
  }
}

/** One connection that many commands share, as OpenSSH's ControlMaster. */
export class SharedConnection implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #socket: string;

  private constructor(child: Deno.ChildProcess, socket: string) {
    this.#child = child;
    this.#socket = socket;
  }

  /** Resolves when somebody is logged in. */
  static async open(
    args: readonly string[],
    directory: string,
    options: readonly string[],
  ): Promise<SharedConnection> {
    const socket = join(directory, crypto.randomUUID().slice(0, 8));
    const child = new Deno.Command("ssh", {
      args: ["-M", "-N", "-S", socket, ...options, ...args],
      stdin: "null",
      stdout: "null",
    }).spawn();
    let isOver = false;
    child.status.then(() => isOver = true);
    while (!await Deno.lstat(socket).then(() => true, () => false)) {
      if (isOver) throw new TypeError("ssh could not log in: see above");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return new SharedConnection(child, socket);
  }

  /** Runs a command on the connection to its end; `input` is a file. */
  async run(command: string, input = "/dev/null"): Promise<void> {
    const shell = `exec ssh -F /dev/null -S "$1" bench "$2" <"$3" >/dev/null`;
    const args = ["-c", shell, "sh", this.#socket, command, input];
    await succeeds(new Deno.Command("sh", { args, stdout: "null", stderr: "piped" }));
  }

  /** Starts a command that runs until the connection is over. */
  start(command: string): void {
    const args = ["-F", "/dev/null", "-S", this.#socket, "bench", command];
    const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
    new Deno.Command("ssh", { args, ...quiet }).spawn().unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

async function run(args: string[]): Promise<void> {
  await succeeds(
    new Deno.Command("ssh", { args, stdin: "null", stdout: "null", stderr: "piped" }),
  );
}

async function succeeds(command: Deno.Command): Promise<void> {
  const { success, code, stderr } = await command.output();
  if (!success) throw new TypeError(`ssh ended with ${code}: ${new TextDecoder().decode(stderr)}`);
}
