import { fileURLToPath } from "node:url";

/** Ticks of the counters in /proc/<pid>/stat. */
const TICK_MS = 10;

/** The server in a process of its own. */
export class Peer implements AsyncDisposable {
  readonly port: number;
  /** What to dial. */
  readonly target: string;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, { port, id }: { port: number; id: string }) {
    this.#child = child;
    this.port = port;
    this.target = `${id}@127.0.0.1:${port}`;
  }

  static async start(): Promise<Peer> {
    const main = fileURLToPath(new URL("peer.ts", import.meta.url));
    const args = ["run", "-A", "--unstable-net", main];
    const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) text += (await reader.read()).value ?? "\n";
    reader.cancel().catch(() => {}); // it prints nothing more
    return new Peer(child, JSON.parse(text));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** CPU time the process has used, all threads, user and system. */
  cpuMs(): number {
    const stat = Deno.readTextFileSync(`/proc/${this.#child.pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}
