import { cliArgs, type Outcome } from "./cli.ts";
import { SshLab } from "./ssh.ts";

/** A node, and rclone configured to reach it as the remote `head` by plain TCP. */
export class RcloneLab implements AsyncDisposable {
  readonly lab: SshLab;
  readonly #config: string;

  private constructor(lab: SshLab, config: string) {
    this.lab = lab;
    this.#config = config;
  }

  /** Starts one with a peer that has some scopes. */
  static async start(scopes: readonly string[]): Promise<RcloneLab> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(await SshLab.start({ scopes }));
    await lab.configure("tcp"); // takes down the host key
    const known = await Deno.readTextFile(lab.path("ssh_known_hosts"));
    const named = known.replace(/^head /gm, `[127.0.0.1]:${lab.tcpPort} `);
    const options = {
      type: "sftp",
      host: "127.0.0.1",
      port: lab.tcpPort,
      user: "alice",
      "key_file": lab.path("id"),
      "known_hosts_file": await lab.client.write("known_hosts", named),
    };
    const lines = Object.entries(options).map(([key, value]) => `${key} = ${value}`);
    const config = await lab.client.write("rclone.conf", ["[head]", ...lines, ""].join("\n"));
    stack.move();
    return new RcloneLab(lab, config);
  }

  /** Runs rclone to its end, whatever that is. */
  attempt(...args: readonly string[]): Promise<Outcome> {
    return this.lab.run("rclone", ["--config", this.#config, "--retries", "1", ...args]);
  }

  /** Runs rclone, which has to succeed. */
  async rclone(...args: readonly string[]): Promise<Outcome> {
    const ran = await this.attempt(...args);
    if (ran.code === 0) return ran;
    throw new TypeError(`rclone ${args.join(" ")} ended with ${ran.code}: ${ran.err}`);
  }

  /** Runs another program on the client. */
  run(program: string, args: readonly string[]): Promise<Outcome> {
    return this.lab.run(program, args);
  }

  /** Path of a file on the client. */
  path(name: string): string {
    return this.lab.path(name);
  }

  /** Mounts a remote; what is written there has been sent when its file is closed. */
  async mount(remote: string): Promise<RcloneMount> {
    const path = await Deno.makeTempDir({ prefix: "alknet-rclone-" });
    await this.rclone("mount", remote, path, "--daemon", "--daemon-wait", "30s");
    return new RcloneMount(this, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}

/** A mount that is gone after the test. */
class RcloneMount implements AsyncDisposable {
  readonly path: string;
  readonly #lab: RcloneLab;

  constructor(lab: RcloneLab, path: string) {
    this.#lab = lab;
    this.path = path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { code, err } = await this.#lab.run("fusermount3", ["-u", this.path]);
    if (code !== 0) throw new TypeError(`Cannot unmount: ${err}`);
    await Deno.remove(this.path);
  }
}

/** A TCP port each of whose connections is one `alknet connect`, as of a `ProxyCommand`. */
export class ProxyListener implements AsyncDisposable {
  /** Its port. */
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #serving: Promise<void>;

  private constructor(listener: Deno.TcpListener, lab: SshLab) {
    this.#listener = listener;
    this.port = listener.addr.port;
    this.#serving = this.#serve(lab);
  }

  /** Listens for a client of a node. */
  static start(lab: SshLab): ProxyListener {
    return new ProxyListener(Deno.listen({ hostname: "127.0.0.1", port: 0 }), lab);
  }

  async #serve({ client, serving }: SshLab): Promise<void> {
    const connect = ["connect", serving.target, "--alpn", "alknet/ssh", "--transport", "quic"];
    const args = [...cliArgs(), ...connect];
    const carried: Promise<unknown>[] = [];
    for await (const socket of this.#listener) {
      const pipes = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
      const child = new Deno.Command(Deno.execPath(), { args, env: client.env, ...pipes }).spawn();
      const there = socket.readable.pipeTo(child.stdin).catch(() => {});
      const back = child.stdout.pipeTo(socket.writable).catch(() => {});
      carried.push(there, back, child.status);
    }
    await Promise.all(carried);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}
