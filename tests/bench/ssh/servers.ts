import { join } from "node:path";

import { Sshd } from "../../e2e/support/sshd.ts";
import { Program } from "../program.ts";
import { OpenSsh } from "./open_ssh.ts";

/** How a client reaches a server, and which. */
export type WayName = "sshd" | "tcp" | "tls" | "quic";

/** A server by one way. */
export interface Way {
  readonly name: WayName;
  /** The server's process. */
  readonly pid: number;
  /** OpenSSH's client, told where it is. */
  readonly client: OpenSsh;
}

/** Limits that tests of many connections would meet before the server does. */
const SSHD_OPTIONS = [
  "MaxStartups=1000",
  "MaxSessions=100",
  "PermitRootLogin=yes",
  "SetEnv=SHLVL=2", // bash reads ~/.bashrc for commands by ssh in a first shell only
];

/** Makes the client's key; `privateKey` is its path, `blob` the public key's wire form in Base64. */
export async function makeKey(
  directory: string,
): Promise<{ readonly privateKey: string; readonly blob: string }> {
  const privateKey = join(directory, "id");
  const made = await new Deno.Command("ssh-keygen", {
    args: ["-q", "-N", "", "-t", "ed25519", "-f", privateKey],
  }).output();
  if (!made.success) throw new TypeError(new TextDecoder().decode(made.stderr));
  const blob = (await Deno.readTextFile(`${privateKey}.pub`)).split(" ")[1] ?? "";
  return { privateKey, blob };
}

/** OpenSSH's server and ours, each in a process of its own, with all ways to reach them. */
export class Servers implements AsyncDisposable {
  readonly ways: readonly Way[];
  readonly #stack: AsyncDisposableStack;

  private constructor(ways: readonly Way[], stack: AsyncDisposableStack) {
    this.ways = ways;
    this.#stack = stack;
  }

  static async start(): Promise<Servers> {
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir({ prefix: "alknet-bench-ssh-" });
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const { privateKey, blob } = await makeKey(directory);
    const sshd = stack.use(await Sshd.start(`${privateKey}.pub`, SSHD_OPTIONS));
    const node = stack.use(await Program.start<NodeReach>(here("node.ts"), blob));
    const pump = stack.use(await Program.start<PumpReach>(here("pump.ts"), node.reach.target));
    const way = (name: WayName, pid: number, port: number): Way => ({
      name,
      pid,
      client: new OpenSsh({ port, privateKey, directory }),
    });
    const ways = [
      way("sshd", sshd.pid, sshd.port),
      way("tcp", node.pid, node.reach.tcpPort),
      way("tls", node.pid, pump.reach.tls),
      way("quic", node.pid, pump.reach.quic),
    ];
    return new Servers(ways, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

interface NodeReach {
  readonly target: string;
  readonly tcpPort: number;
}

interface PumpReach {
  readonly tls: number;
  readonly quic: number;
}

function here(file: string): URL {
  return new URL(file, import.meta.url);
}
