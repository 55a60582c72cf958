import { fileURLToPath } from "node:url";

/** Names of the peers. */
export type PeerName = "ours" | "raw-quic" | "raw-node-tls" | "raw-deno-tls" | "http" | "raw-http";

/** What a client needs to reach a peer. */
export interface Reach {
  readonly port: number;
  /** Its trust anchor, PEM. */
  readonly anchor: string;
  /** Its public key, hexadecimal. */
  readonly id: string;
}

/** Ticks of the counters in /proc/<pid>/stat. */
const TICK_MS = 10;

/** A peer in a process of its own. */
export class PeerProcess implements AsyncDisposable {
  readonly reach: Reach;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, reach: Reach) {
    this.#child = child;
    this.reach = reach;
  }

  static async start(name: PeerName, flags: readonly string[] = []): Promise<PeerProcess> {
    const main = fileURLToPath(new URL("peers/main.ts", import.meta.url));
    const args = ["run", "-A", "--unstable-net", ...flags, main, name];
    const env = { DENO_NO_UPDATE_CHECK: "1" };
    const child = new Deno.Command(Deno.execPath(), { args, env, stdout: "piped" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) text += (await reader.read()).value ?? "\n";
    reader.cancel().catch(() => {});
    return new PeerProcess(child, JSON.parse(text));
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

  /** Resident memory. */
  rssBytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}
