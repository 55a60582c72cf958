import { join } from "node:path";

import { freePort } from "../../tools/free_port.ts";
import { Machine, type Outcome, runProgram, type ServingNode } from "./cli.ts";

/** How a client reaches the node. */
export type Way = "quic" | "tls" | "tcp";

/** What {@linkcode SshLab.start} can be told. */
export interface SshLabOptions {
  /** What `alice`, who has the key `id`, may do. Default: everything with SSH. */
  readonly scopes?: readonly string[];
  /**
   * `[ssh]` of the node's configuration, or what makes it of the fingerprints of the keys `id` and
   * `stranger`. Default: nothing but a plain TCP port.
   */
  readonly config?: readonly string[] | ((id: string, stranger: string) => readonly string[]);
}

const KEYGEN = ["-q", "-N", "", "-t"];

/** A node that serves SSH, a client machine, and keys: `id` is alice's, `stranger` is nobody's. */
export class SshLab implements AsyncDisposable {
  readonly node: Machine;
  readonly client: Machine;
  readonly serving: ServingNode;
  /** The plain TCP port. */
  readonly tcpPort: number;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    machines: { node: Machine; client: Machine },
    serving: ServingNode,
    tcpPort: number,
  ) {
    this.#stack = stack;
    this.node = machines.node;
    this.client = machines.client;
    this.serving = serving;
    this.tcpPort = tcpPort;
  }

  /** Starts one. */
  static async start(options: SshLabOptions = {}): Promise<SshLab> {
    await using stack = new AsyncDisposableStack();
    const node = stack.use(await Machine.fresh());
    const client = stack.use(await Machine.fresh());
    for (const name of ["id", "stranger"]) {
      await must("ssh-keygen", [...KEYGEN, "ed25519", "-f", join(client.home, name)]);
    }
    const tcpPort = freePort();
    await node.write(
      "alknet.toml",
      [
        "[ssh]",
        `tcp = "127.0.0.1:${tcpPort}"`,
        "penalty_ms = 0",
        'env = ["LANG", "LC_*", "COLORTERM", "NO_COLOR", "GIT_PROTOCOL", "SHLVL"]',
        ...await configLines(options, client),
        "",
      ].join("\n"),
    );
    const scopes = (options.scopes ?? ["ssh:*"]).flatMap((scope) => ["--scope", scope]);
    const key = join(client.home, "id.pub");
    const serving = stack.use(await node.serve());
    const { code, err } = await node.alknet("peer", "add", "alice", "--ssh-key", key, ...scopes);
    if (code !== 0) throw new TypeError(`peer add failed: ${err}`);
    return new SshLab(stack.move(), { node, client }, serving, tcpPort);
  }

  /** Writes an `ssh_config` for the host `head`, by a transport or by plain TCP, with a key. */
  async configure(way: Way, identity = "id"): Promise<string> {
    const { target } = this.serving;
    const name = ["--name", "head"];
    const over = way === "tcp" ? [] : ["--transport", way];
    const made = await this.client.alknet("ssh-config", target, ...name, ...over);
    if (made.code !== 0) throw new TypeError(`ssh-config failed: ${made.err}`);
    const lines = made.out.trimEnd().split("\n")
      .filter((line) => way !== "tcp" || !line.includes("ProxyCommand"));
    if (way === "tcp") lines.push("  HostName 127.0.0.1", `  Port ${this.tcpPort}`);
    lines.push("  ControlPath none");
    lines.push("  SetEnv SHLVL=1"); // or bash reads its start-up files, which may take a second
    lines.push(`  IdentityFile "${join(this.client.home, identity)}"`);
    lines.push("  IdentitiesOnly yes", "  BatchMode yes", "  LogLevel ERROR", "  User alice", "");
    return await this.client.write(`ssh_config_${way}_${identity}`, lines.join("\n"));
  }

  /** Fingerprint of the node's host key, as OpenSSH's `ssh-keygen` computes it. */
  async hostKey(): Promise<string> {
    await this.configure("tcp");
    const { out } = await this.run("ssh-keygen", ["-lf", this.path("ssh_known_hosts")]);
    return out.split(" ")[1] ?? "";
  }

  /** Runs `ssh` to its end. */
  ssh(config: string, args: readonly string[], stdin?: string): Promise<Outcome> {
    return this.run("ssh", ["-F", config, ...args], stdin);
  }

  /** Runs any program on the client to its end. */
  run(program: string, args: readonly string[], stdin?: string): Promise<Outcome> {
    return runProgram(program, args, { stdin, env: this.client.env });
  }

  /** Starts a program on the client that runs on. */
  spawn(program: string, args: readonly string[]): Deno.ChildProcess {
    const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
    return new Deno.Command(program, { args: [...args], env: this.client.env, ...quiet }).spawn();
  }

  /** Path of a file on the client. */
  path(name: string): string {
    return join(this.client.home, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Waits until something answers on a port of loopback. */
export async function untilListening(port: number, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function configLines(
  { config = [] }: SshLabOptions,
  client: Machine,
): Promise<readonly string[]> {
  if (typeof config !== "function") return config;
  const [id, stranger] = await Promise.all(["id", "stranger"].map(async (name) => {
    const { out } = await runProgram("ssh-keygen", ["-lf", join(client.home, `${name}.pub`)]);
    return out.split(" ")[1] ?? "";
  }));
  return config(id ?? "", stranger ?? "");
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, err } = await runProgram(program, args);
  if (code !== 0) throw new TypeError(`${program} ended with ${code}: ${err}`);
}
