import { strictEqual } from "node:assert/strict";

import { Machine, type ServingNode } from "./cli.ts";

const MODULE = new URL("worker_operations.ts", import.meta.url).pathname;

/** A machine with operations that keeps a connection to its head. */
export class Worker implements AsyncDisposable {
  readonly machine: Machine;
  #node: ServingNode;

  constructor(machine: Machine, node: ServingNode) {
    this.machine = machine;
    this.#node = node;
  }

  /** The node that runs now. */
  get node(): ServingNode {
    return this.#node;
  }

  /** Ends it. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#node.kill(signal);
    await this.#node[Symbol.asyncDispose]();
  }

  /** Starts it anew. */
  async restart(): Promise<void> {
    this.#node = await this.machine.serve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node[Symbol.asyncDispose]();
    await this.machine[Symbol.asyncDispose]();
  }
}

/** Settings of {@linkcode workerOf}. */
export interface WorkerOptions {
  /** What it may do at the head. Default: read about it. */
  readonly scopes?: readonly string[];
  /** Further lines of its configuration. Default: none. */
  readonly config?: string;
  /** Modules with its operations. Default: those of worker_operations.ts. */
  readonly modules?: readonly string[];
}

/**
 * Lets a new machine join a head and starts it as a worker.
 *
 * @param name What the head calls it; it calls the head "head".
 */
export async function workerOf(
  head: Machine,
  name: string,
  { scopes = ["node:read"], config = "", modules = [MODULE] }: WorkerOptions = {},
): Promise<Worker> {
  const machine = await Machine.fresh();
  const invite = ["invite", ...scopes.flatMap((each) => ["--scope", each])];
  const [invited, made] = await Promise.all([head.alknet(...invite), machine.alknet("init")]);
  strictEqual(invited.code, 0, invited.err);
  strictEqual(made.code, 0, made.err);
  const options = ["--name", name, "--as", "head"];
  const joined = await machine.alknet("join", invited.out.trim(), ...options);
  strictEqual(joined.code, 0, joined.err);
  // What the head may do here.
  const scope = ["--scope", "disk:read", "--scope", "fleet:disk"];
  const granted = await machine.alknet("peer", "add", "head", ...scope);
  strictEqual(granted.code, 0, granted.err);
  const settings = `[call]\nattach = ["head"]\n[operations]\nmodules = ${
    JSON.stringify(modules)
  }\n`;
  await machine.write("alknet.toml", settings + config);
  return new Worker(machine, await machine.serve());
}

/** A head that knows three workers, each of which keeps a connection to it. */
export class Cluster implements AsyncDisposable {
  readonly #started = new AsyncDisposableStack();
  /** Where the head runs. */
  readonly head: Machine;
  /** The head, as it runs now. */
  node: ServingNode;
  /** As the head calls them: w1, w2, w3. */
  readonly workers: readonly Worker[];

  private constructor(head: Machine, node: ServingNode, workers: readonly Worker[]) {
    this.head = head;
    this.node = node;
    this.workers = workers;
  }

  /** Starts all four. */
  static async start(): Promise<Cluster> {
    await using started = new AsyncDisposableStack();
    const head = started.use(await Machine.fresh());
    const node = await head.serve();
    const starting = ["w1", "w2", "w3"].map((name) => workerOf(head, name));
    for (const each of await Promise.allSettled(starting)) {
      if (each.status === "fulfilled") started.use(each.value);
    }
    const cluster = new Cluster(head, node, await Promise.all(starting));
    await cluster.attached(["w1", "w2", "w3"]);
    cluster.#started.use(started.move());
    return cluster;
  }

  /** Waits until exactly these are attached. */
  async attached(names: readonly string[]): Promise<void> {
    await until(async () => {
      const { peers } = await this.head.json<{ peers: { peer: string; since?: string }[] }>(
        "status",
      );
      const found = peers.filter(({ since }) => since).map(({ peer }) => peer).sort();
      return found.join() === names.join();
    });
  }

  /** Stops the head and starts it again on its port. */
  async restartHead(): Promise<void> {
    const { port } = this.node;
    await this.node[Symbol.asyncDispose]();
    this.node = await this.head.serve("--listen", `127.0.0.1:${port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
    await this.#started.disposeAsync();
  }
}

/** Waits for something that another process brings about. */
export async function until(condition: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!await condition()) {
    if (performance.now() > giveUpAt) throw new RangeError("Condition did not come to hold");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
