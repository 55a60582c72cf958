import { fileURLToPath } from "node:url";

import type { Command, Outcome, Reach } from "./rpc.ts";

/** Names of the peers. */
export type PeerName = "quic" | "tls" | "grpc" | "nats";

/** Ticks of the counters in /proc/<pid>/stat. */
const TICK_MS = 10;

/** One end of a peer in a process of its own, and what that has started. */
class EndProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";

  constructor(name: PeerName, ...args: string[]) {
    const main = fileURLToPath(new URL("peers/main.ts", import.meta.url));
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--unstable-net", main, name, ...args],
      env: { DENO_NO_UPDATE_CHECK: "1" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.#child.stdin.getWriter();
  }

  /** What it says next. */
  async answer<Value>(): Promise<Value> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new TypeError("Peer has ended: see above");
      this.#text += value;
    }
    const [line = "", ...rest] = this.#text.split("\n");
    this.#text = rest.join("\n");
    return JSON.parse(line);
  }

  async ask<Value>(command: Command): Promise<Value> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
    return await this.answer();
  }

  /** CPU time of it and what it started, all threads. */
  cpuMs(): number {
    return this.#pids().reduce((sum, pid) => sum + cpuMs(pid), 0);
  }

  rssBytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    this.#lines.cancel().catch(() => {}); // whatever it still says
    this.#input.abort().catch(() => {});
    await this.#child.status;
  }

  #pids(): number[] {
    const { pid } = this.#child;
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    return [pid, ...children.split(" ").filter(Boolean).map(Number)];
  }
}

/** CPU time and memory of both ends. */
export interface Usage {
  readonly serverCpuMs: number;
  readonly clientCpuMs: number;
  readonly serverRss: number;
  readonly clientRss: number;
}

/** Both ends of a peer. */
export class PeerEnds implements AsyncDisposable {
  readonly name: PeerName;
  readonly #server: EndProcess;
  readonly #client: EndProcess;

  private constructor(name: PeerName, server: EndProcess, client: EndProcess) {
    this.name = name;
    this.#server = server;
    this.#client = client;
  }

  static async start(name: PeerName): Promise<PeerEnds> {
    const server = new EndProcess(name, "serve");
    const reach = await server.answer<Reach>();
    const client = new EndProcess(name, "connect", JSON.stringify(reach));
    await client.answer();
    return new PeerEnds(name, server, client);
  }

  run(command: Command): Promise<Outcome> {
    return this.#client.ask(command);
  }

  usage(): Usage {
    return {
      serverCpuMs: this.#server.cpuMs(),
      clientCpuMs: this.#client.cpuMs(),
      serverRss: this.#server.rssBytes(),
      clientRss: this.#client.rssBytes(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

function cpuMs(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
