/** A head that forwards to a worker, with nothing between them but a connection in memory. */
import type { Identity } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import {
  ANYONE,
  type CallRequest,
  importOperations,
  type Operation,
  operation,
  type OperationContext,
  OperationRegistry,
  PeerCompositeEnv,
  reexport,
  specificPeer,
} from "@alknet/operations";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { type CallClient, connectCall } from "./mod.ts";
import { until } from "./testdata/support.ts";

const user: Identity = { id: "ada", scopes: ["disk:read"], resources: {} };
const head: Identity = { id: "head", scopes: ["disk:read"], resources: {} };

/** What happened on the worker. */
class Worker {
  readonly registry = new OperationRegistry({ nodeId: "worker-node" });
  readonly seen: OperationContext[] = [];
  produced = 0;
  stopped = 0;

  constructor() {
    const access = { requiredScopes: ["disk:read"] };
    this.registry.register([
      this.#watched("disk/free", () => 42),
      this.#watched("disk/hang", () => new Promise(() => {})),
      operation({
        name: "disk/watch",
        type: "subscription",
        access,
        handler: (_, context) => this.#items(context),
      }),
      ...discovery(this.registry),
    ]);
  }

  #watched(name: string, answer: () => unknown): Operation {
    const handler = (_: unknown, context: OperationContext): unknown => {
      this.seen.push(context);
      context.signal.addEventListener("abort", () => this.stopped++);
      return answer();
    };
    return operation({ name, access: { requiredScopes: ["disk:read"] }, handler });
  }

  async *#items(context: OperationContext): AsyncGenerator<number> {
    this.seen.push(context);
    try {
      while (true) yield this.produced++;
    } finally {
      this.stopped++;
    }
  }
}

function discovery(registry: OperationRegistry): Operation[] {
  const access = ANYONE;
  return [
    operation({
      name: "services/list",
      type: "query",
      access,
      handler: (_, { identity }) => registry.list(identity).map((spec) => ({ ...spec })),
    }),
  ];
}

interface Link extends Disposable {
  readonly client: CallClient;
  cut(): void;
}

/** A connection on which `identity` calls a registry. */
function linked(registry: OperationRegistry, identity: Identity): Link {
  const [here, there] = memoryPair({ identity });
  const client = connectCall(here);
  connectCall(there, { dispatcher: registry });
  const cut = (): void => here.close();
  return { client, cut, [Symbol.dispose]: cut };
}

/** A head with a worker attached, and its operations re-exported to whoever has `disk:read`. */
async function headOf(
  worker: OperationRegistry,
  options: { readonly nodeId?: string; readonly peer?: string } = {},
): Promise<{ registry: OperationRegistry; link: Link; env: PeerCompositeEnv } & Disposable> {
  const { nodeId = "head-node", peer = "w1" } = options;
  const link = linked(worker, head);
  const env = new PeerCompositeEnv();
  const registry = new OperationRegistry({ overlay: env, nodeId });
  const operations = await importOperations(link.client, {
    nodeId,
    filter: (name) => name.startsWith("disk/"),
  });
  env.attach(peer, operations);
  for (const { spec } of operations) {
    const access = { requiredScopes: ["disk:read"] };
    const { operation, grants } = reexport(spec, { access, peer: specificPeer(peer) });
    registry.register(operation, grants);
  }
  registry.register(discovery(registry));
  return { registry, link, env, [Symbol.dispose]: () => link.cut() };
}

function request(more: Partial<CallRequest> = {}): CallRequest {
  const { signal } = new AbortController();
  return { requestId: crypto.randomUUID(), signal, origin: "wire", identity: user, ...more };
}

Deno.test("a worker sees the head as its caller, and who asked the head as a claim", async () => {
  const worker = new Worker();
  using node = await headOf(worker.registry);
  strictEqual(await node.registry.call("disk/free", {}, request()), 42);
  const [seen] = worker.seen;
  strictEqual(seen?.identity?.id, "head");
  deepStrictEqual(seen?.forwardedFor, user);
  deepStrictEqual(seen?.via, ["head-node"]);
});

Deno.test("over two heads the claims form a chain, and every node stands in via", async () => {
  const worker = new Worker();
  using low = await headOf(worker.registry, { nodeId: "low" });
  using high = await headOf(low.registry, { nodeId: "high", peer: "low" });
  const claimed = { id: "phone", scopes: [], resources: {} };
  const asked = request({ forwardedFor: claimed });
  strictEqual(await high.registry.call("disk/free", {}, asked), 42);
  const [seen] = worker.seen;
  deepStrictEqual(seen?.via, ["high", "low"]);
  deepStrictEqual(seen?.forwardedFor, {
    ...head,
    forwardedFor: { ...user, forwardedFor: claimed },
  });
});

Deno.test("a request that comes back to a node ends there with LOOP_DETECTED", async () => {
  const worker = new Worker();
  using low = await headOf(worker.registry, { nodeId: "low" });
  using high = await headOf(low.registry, { nodeId: "high", peer: "low" });
  // The low one is led to believe that the high one is its worker.
  using back = linked(high.registry, head);
  low.env.attach("w1", await importOperations(back.client, { nodeId: "low" }));
  await rejects(high.registry.call("disk/free", {}, request()), { code: "LOOP_DETECTED" });
  strictEqual(worker.seen.length, 0);
});

Deno.test("what the head's caller may not do never reaches the worker", async () => {
  const worker = new Worker();
  using node = await headOf(worker.registry);
  const nobody = request({ identity: { id: "eve", scopes: [], resources: {} } });
  await rejects(node.registry.call("disk/free", {}, nobody), { code: "FORBIDDEN" });
  // A claim of somebody who may does not help.
  const claim = { ...nobody, forwardedFor: user };
  await rejects(node.registry.call("disk/free", {}, claim), { code: "FORBIDDEN" });
  strictEqual(worker.seen.length, 0);
});

Deno.test("a deadline and an abort at the head stop the worker's handler", async () => {
  const worker = new Worker();
  using node = await headOf(worker.registry);
  const late = request({ deadlineMs: Date.now() + 100 });
  await rejects(node.registry.call("disk/hang", {}, late), { code: "TIMEOUT" });
  await until(() => worker.stopped === 1);
  const deadline = worker.seen[0]?.deadline;
  ok(deadline !== undefined && deadline <= Date.now() + 1_000, "the worker had it too");
  const controller = new AbortController();
  const call = node.registry.call("disk/hang", {}, request({ signal: controller.signal }));
  await until(() => worker.seen.length === 2);
  controller.abort();
  await rejects(call, { code: "ABORTED" });
  await until(() => worker.stopped === 2);
});

Deno.test("a slow consumer at the head holds the worker's producer back, and its end stops it", async () => {
  const worker = new Worker();
  using node = await headOf(worker.registry);
  const items = node.registry.subscribe("disk/watch", {}, request())[Symbol.asyncIterator]();
  for (let n = 0; n < 10; n++) strictEqual((await items.next()).value, n);
  await until(() => worker.produced >= 100);
  ok(worker.produced <= 10 + 128 + 1, `${worker.produced} produced`);
  await items.return?.();
  await until(() => worker.stopped === 1);
});

Deno.test("a lost worker fails what runs there as UNAVAILABLE, retryable", async () => {
  const worker = new Worker();
  using node = await headOf(worker.registry);
  const call = node.registry.call("disk/hang", {}, request());
  const items = node.registry.subscribe("disk/watch", {}, request())[Symbol.asyncIterator]();
  await items.next();
  await until(() => worker.seen.length === 2);
  node.link.cut();
  await rejects(call, { code: "UNAVAILABLE", retryable: true });
  await rejects(async () => {
    while (!(await items.next()).done);
  }, { code: "UNAVAILABLE", retryable: true });
  deepStrictEqual(node.env.peers().map(({ pending }) => pending), [0]);
  node.env.detach("w1");
  await rejects(node.registry.call("disk/free", {}, request()), {
    code: "NOT_FOUND",
    message: "Peer not attached: w1",
  });
});
