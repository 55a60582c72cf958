import { fileURLToPath } from "node:url";

import type { Command, Outcome, Reach } from "./rpc.ts";

/** Names of the peers. */
export type PeerName = "quic" | "tls" | "grpc" | "nats";

/** Ticks of the counters in /proc/<pid>/stat. */
const TICK_MS = 10;

/** What runs a peer. */
interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** Ours and NATS run on Deno; grpc-js on Node, as node:http2 of Deno does not serve it over TLS. */
async function programOf(name: PeerName): Promise<Program> {
  if (name !== "grpc") {
    const args = ["run", "-A", "--unstable-net", path("peers/main.ts"), name];
    return { command: Deno.execPath(), args };
  }
  const bundle = `${await Deno.makeTempDir({ prefix: "alknet-bench-" })}/grpc.mjs`;
  const args = ["bundle", "--quiet", "-o", bundle, path("peers/grpc_main.ts")];
  const { success } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) throw new TypeError("Cannot bundle the gRPC peer");
  return { command: "node", args: [bundle] };
}

function path(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** One end of a peer in a process of its own, and what that has started. */
class EndProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";

  constructor({ command, args: before }: Program, ...args: string[]) {
    this.#child = new Deno.Command(command, {
      args: [...before, ...args],
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
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
    const children = threads.flatMap((thread) =>
      Deno.readTextFileSync(`/proc/${pid}/task/${thread}/children`).trim().split(" ")
    );
    return [pid, ...children.filter(Boolean).map(Number)];
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
    const program = await programOf(name);
    const server = new EndProcess(program, "serve");
    const reach = await server.answer<Reach>();
    const client = new EndProcess(program, "connect", JSON.stringify(reach));
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
