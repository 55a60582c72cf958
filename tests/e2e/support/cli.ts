import { join } from "node:path";

const ROOT = new URL("../../../", import.meta.url);
const MAIN = new URL("src/cli/main.ts", ROOT).pathname;
const START_TIMEOUT_MS = 20_000;

/** What a program printed and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A directory that is one person's machine: its own `ALKNET_HOME`, its own keys. */
export class Machine implements AsyncDisposable {
  /** `ALKNET_HOME`. */
  readonly home: string;

  private constructor(home: string) {
    this.home = home;
  }

  /** A machine with nothing on it. */
  static async fresh(): Promise<Machine> {
    return new Machine(await Deno.makeTempDir({ prefix: "alknet e2e " }));
  }

  /** Runs the CLI to its end. */
  alknet(...args: readonly string[]): Promise<Outcome> {
    return this.alknetWith({}, ...args);
  }

  /** Runs the CLI to its end with bytes on standard input. */
  async alknetWith(
    options: { readonly stdin?: string },
    ...args: readonly string[]
  ): Promise<Outcome> {
    return await runProgram(Deno.execPath(), [...cliArgs(), ...args], {
      ...options,
      env: this.env,
    });
  }

  /** Runs the CLI with `--json` and returns what it printed; fails with its error. */
  async json<T = Record<string, unknown>>(...args: readonly string[]): Promise<T> {
    const { code, out, err } = await this.alknet(...args, "--json");
    if (code !== 0) throw new TypeError(`alknet ${args.join(" ")} ended with ${code}: ${err}`);
    return JSON.parse(out);
  }

  /** Starts `alknet serve` on a free loopback port and waits until it accepts. */
  async serve(...args: readonly string[]): Promise<ServingNode> {
    const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    const child = this.spawn("--json", "serve", ...listen, ...args);
    const errors = collect(child.stderr);
    const first = await firstLine(child.stdout);
    if (first === undefined) {
      const { code } = await child.status;
      throw new TypeError(`alknet serve ended with ${code}: ${await errors.end()}`);
    }
    return new ServingNode(child, JSON.parse(first), errors);
  }

  /** Starts the CLI with pipes. */
  spawn(...args: readonly string[]): Deno.ChildProcess {
    return new Deno.Command(Deno.execPath(), {
      args: [...cliArgs(), ...args],
      env: this.env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Writes a file into the home. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.home, name);
    await Deno.writeTextFile(path, text);
    return path;
  }

  /** Environment of every program on this machine. */
  get env(): Record<string, string> {
    return { ALKNET_HOME: this.home, HOME: this.home, DENO_DIR: denoDir(), NO_COLOR: "1" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
  }
}

/** A node that runs until it is disposed of. */
export class ServingNode implements AsyncDisposable {
  /** Its node id. */
  readonly nodeId: string;
  /** Its port, for UDP and TCP. */
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #errors: Collected;

  constructor(
    child: Deno.ChildProcess,
    banner: { nodeId: string; addresses: string[] },
    errors: Collected,
  ) {
    this.#child = child;
    this.#errors = errors;
    this.nodeId = banner.nodeId;
    this.port = Number(banner.addresses[0]?.split(":").at(-1));
  }

  /** `<node-id>@127.0.0.1:<port>`. */
  get target(): string {
    return `${this.nodeId}@127.0.0.1:${this.port}`;
  }

  /** What it has logged so far. */
  get log(): string {
    return this.#errors.text;
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await this.#child.status;
    await this.#child.stdin.close().catch(() => {});
    await this.#child.stdout.cancel();
    await this.#errors.end();
  }
}

/** Runs any program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly stdin?: string; readonly env?: Record<string, string> } = {},
): Promise<Outcome> {
  const child = new Deno.Command(program, {
    args: [...args],
    env: options.env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const sent = writer.write(new TextEncoder().encode(options.stdin ?? ""))
    .then(() => writer.close()).catch(() => {});
  const [{ code, stdout, stderr }] = await Promise.all([child.output(), sent]);
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

interface Collected {
  readonly text: string;
  end(): Promise<string>;
}

/** The one module cache, wherever the machine's home is. */
function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno");
}

/** How Deno is told to run the CLI of this checkout. */
export function cliArgs(): string[] {
  return ["run", "-A", "--no-check", MAIN];
}

function collect(stream: ReadableStream<Uint8Array>): Collected {
  let text = "";
  const done = (async () => {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) text += chunk;
  })();
  return {
    get text() {
      return text;
    },
    end: () => done.then(() => text),
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const deadline = setTimeout(() => reader.cancel(), START_TIMEOUT_MS);
  let text = "";
  try {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      text += decoder.decode(value, { stream: true });
    }
    return text.slice(0, text.indexOf("\n"));
  } finally {
    clearTimeout(deadline);
    reader.releaseLock();
  }
}
