import { dial } from "@alknet/client";
import { generateNodeKey, serve } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { ALPN, call, type CallClient, CallError, type CallLimits, connectCall } from "./mod.ts";
import { Operations, pause, served, until } from "./testdata/support.ts";

/** A client of a handler, over one kind of connection. */
interface Pair extends AsyncDisposable {
  readonly client: CallClient;
  readonly ops: Operations;
  /** Ends the connection without a word. */
  cut(): void;
}

type Connect = (limits?: Partial<CallLimits>) => Promise<Pair>;

const SOURCES: ReadonlyArray<readonly [name: string, connect: Connect]> = [
  ["memory", (limits) => overMemory(false, limits)],
  ["one memory stream", (limits) => overMemory(true, limits)],
  ["quic", (limits) => overNetwork("quic", limits)],
  ["tls", (limits) => overNetwork("tls", limits)],
];

for (const [name, connect] of SOURCES) {
  Deno.test(`call() answers, fails with codes and leaks nothing, over ${name}`, async () => {
    await using pair = await connect();
    const { client } = pair;
    deepStrictEqual(await client.call("test/echo", { a: [1, "ä"] }), { a: [1, "ä"] });
    strictEqual(await client.call("test/echo"), null);
    await rejects(client.call("test/none"), { name: "CallError", code: "NOT_FOUND" });
    await rejects(client.call("test/declared"), {
      code: "NO_ROOM",
      details: { floor: 3 },
      retryable: true,
    });
    const inside = await failureOf(client.call("test/throw"));
    strictEqual(inside.code, "INTERNAL");
    ok(!JSON.stringify(inside).includes("Secret") && !inside.message.includes("Secret"));
    ok(/correlationId/.test(JSON.stringify(inside.details)));
    await rejects(client.call("test/unsendable"), { code: "INTERNAL" });
    await rejects(client.call("test/echo", 1n), { name: "CallWireError", blame: "local" });
    strictEqual(client.pending, 0);
  });

  Deno.test(`200 calls at once and a batch come back in order, over ${name}`, async () => {
    await using pair = await connect();
    const inputs = Array.from({ length: 200 }, (_, index) => index);
    deepStrictEqual(
      await Promise.all(inputs.map((input) => pair.client.call("test/echo", input))),
      inputs,
    );
    const batch = await pair.client.batch([
      { name: "test/echo", input: 1 },
      { name: "test/none" },
      { name: "test/echo", input: 3 },
    ]);
    deepStrictEqual(batch.map((each) => each.status), ["fulfilled", "rejected", "fulfilled"]);
  });

  Deno.test(`subscribe() yields every item, then the end or the error, over ${name}`, async () => {
    await using pair = await connect();
    const items = await Array.fromAsync(pair.client.subscribe("sub/count", { count: 1_000 }));
    deepStrictEqual(items, Array.from({ length: 1_000 }, (_, index) => index));
    const got: unknown[] = [];
    await rejects(async () => {
      for await (const item of pair.client.subscribe("sub/fail", { count: 3 })) got.push(item);
    }, { code: "BROKEN" });
    deepStrictEqual(got, [0, 1, 2]);
    await rejects(pair.client.subscribe("test/echo").next(), { code: "INVALID_OPERATION_TYPE" });
  });

  Deno.test(`a slow consumer holds the producer back, over ${name}`, async () => {
    await using pair = await connect();
    const options = { windowItems: 16 };
    const items = pair.client.subscribe("sub/count", {}, options);
    for (let expected = 0; expected < 40; expected++) {
      strictEqual((await items.next()).value, expected);
      await pause(1);
    }
    await pause(20);
    ok(pair.ops.produced <= 40 + 16, `${pair.ops.produced} produced`);
    strictEqual(await pair.client.call("test/echo", "meanwhile"), "meanwhile");
    await items.return();
    await until(() => pair.ops.returned === 1);
  });

  Deno.test(`a window of bytes bounds large items, over ${name}`, async () => {
    await using pair = await connect();
    const options = { windowBytes: 100_000 };
    const items = pair.client.subscribe("sub/count", { size: 30_000 }, options);
    await items.next();
    await pause(30);
    ok(pair.ops.produced <= 8, `${pair.ops.produced} produced`);
    await items.return();
  });

  Deno.test(`leaving the loop, aborting and a lost connection stop the handler, over ${name}`, async () => {
    await using pair = await connect();
    const { client, ops } = pair;
    for await (const item of client.subscribe("sub/count")) if (item === 3) break;
    await until(() => ops.returned === 1 && ops.aborts.length === 1);

    const controller = new AbortController();
    const call = client.call("test/hang", null, { signal: controller.signal });
    await until(() => ops.hanging === 1);
    controller.abort(new DOMException("enough", "AbortError"));
    await rejects(call, { name: "AbortError" });
    await until(() => ops.hanging === 0);

    const lost = client.call("test/hang");
    const quiet = client.subscribe("sub/quiet", { count: 0 }).next();
    await until(() => ops.hanging === 2);
    pair.cut();
    await rejects(lost, { code: "UNAVAILABLE", retryable: true });
    await rejects(quiet, { code: "UNAVAILABLE" });
    await until(() => ops.hanging === 0);
    deepStrictEqual(ops.aborts.slice(1), ["ABORTED", "UNAVAILABLE", "UNAVAILABLE"]);
  });

  Deno.test(`deadlines end a call on both sides in time, over ${name}`, async () => {
    await using pair = await connect();
    const { client, ops } = pair;
    const startedAt = performance.now();
    await rejects(client.call("test/hang", null, { timeoutMs: 150 }), { code: "TIMEOUT" });
    const tookMs = performance.now() - startedAt;
    ok(tookMs >= 145 && tookMs < 250, `${tookMs} ms`);
    await until(() => ops.hanging === 0);
    const ahead = (ops.seen[0]?.deadlineMs ?? 0) - Date.now();
    ok(Math.abs(ahead) < 150, `${ahead} ms`);
    const items = client.subscribe("sub/quiet", { count: 1 }, { timeoutMs: 50 });
    strictEqual((await items.next()).value, 0);
    await rejects(items.next(), { code: "TIMEOUT" });
  });

  Deno.test(`10,000 requests meet the limit and no more, over ${name}`, async () => {
    await using pair = await connect({ maxRequests: 100 });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const calls = Array.from(
      { length: 10_000 },
      () => pair.client.call("test/hang", null, options),
    );
    let refused = 0;
    const settled = Promise.allSettled(calls.map((each) =>
      each.catch((error) => {
        if (error.code === "RESOURCE_EXHAUSTED" && error.retryable) refused++;
      })
    ));
    await until(() => refused === 9_900);
    strictEqual(pair.ops.hanging, 100);
    controller.abort();
    await settled;
    await until(() => pair.ops.hanging === 0);
    strictEqual(await pair.client.call("test/echo", "well"), "well");
  });

  Deno.test(`bulk on a stream of its own arrives whole, over ${name}`, async () => {
    await using pair = await connect();
    const input = "x".repeat(700_000);
    strictEqual(await pair.client.call("test/echo", input, { stream: "own" }), input);
  });
}

for (const singleStream of [false, true]) {
  const where = singleStream ? "one stream" : "several streams";
  Deno.test(`both sides call each other on a connection of ${where}`, async () => {
    const head = Promise.withResolvers<CallClient>();
    await using node = served({ singleStream }, { onConnect: (client) => head.resolve(client) });
    const worker = new Operations();
    await using client = connectCall(node.conn, { dispatcher: worker });
    const back = await head.promise;
    strictEqual(await back.call("test/echo", "down"), "down");
    strictEqual(await client.call("test/echo", "up"), "up");
    deepStrictEqual(await Array.fromAsync(back.subscribe("sub/count", { count: 3 })), [0, 1, 2]);
    strictEqual(worker.seen.length, 2);
  });
}

Deno.test("subscriptions have a limit of their own", async () => {
  await using pair = await overMemory(false, { maxSubscriptions: 2 });
  const items = [0, 1, 2].map(() => pair.client.subscribe("sub/count"));
  await items[0]?.next();
  await items[1]?.next();
  await rejects(async () => await items[2]?.next(), { code: "RESOURCE_EXHAUSTED" });
  strictEqual(await pair.client.call("test/echo", 1), 1);
  for (const each of items) await each.return();
});

Deno.test("an identity's limit counts all its connections", async () => {
  const handler = call({ dispatcher: new Operations(), limits: { maxRequestsPerIdentity: 3 } });
  await using node = await serve({ hostname: "127.0.0.1", handlers: [handler] });
  const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
  await using one = await dial(target, { alpn: ALPN, identity: "anonymous" });
  await using two = await dial(target, { alpn: ALPN, identity: "anonymous" });
  const [first, second] = [connectCall(one), connectCall(two)];
  const calls = [first, first, second].map((each) => each.call("test/hang").catch(() => {}));
  await until(() => first.pending + second.pending === 3);
  await first.call("test/echo").catch(() => {}); // behind the others on their streams
  await rejects(second.call("test/echo"), { code: "RESOURCE_EXHAUSTED" });
  one.close();
  two.close();
  await Promise.all(calls);
});

Deno.test("bytes under way have a limit", async () => {
  await using pair = await overMemory(false, { maxBytes: 10_000 });
  const waiting = pair.client.call("test/hang", "x".repeat(6_000)).catch(() => {});
  await rejects(pair.client.call("test/echo", "x".repeat(6_000)), { code: "RESOURCE_EXHAUSTED" });
  strictEqual(await pair.client.call("test/echo", 1), 1);
  pair.cut();
  await waiting;
});

Deno.test("a handler that ignores its signal harms its own request only", async () => {
  await using pair = await overMemory(false);
  await rejects(pair.client.call("test/deaf", null, { timeoutMs: 20 }), { code: "TIMEOUT" });
  strictEqual(await pair.client.call("test/echo", 1), 1);
});

Deno.test("shutdown ends subscriptions, lets calls finish and refuses new ones", async () => {
  await using node = served();
  const client = connectCall(node.conn);
  const items = client.subscribe("sub/count");
  await items.next();
  const hanging = client.call("test/hang", null, { timeoutMs: 100 });
  await until(() => node.ops.hanging === 1);
  node.shutdown.abort();
  await rejects(async () => {
    for await (const item of items) ok(item !== undefined);
  }, { code: "UNAVAILABLE" });
  await rejects(client.call("test/echo"), { code: "UNAVAILABLE" });
  await rejects(hanging, { code: "TIMEOUT" });
  await node.accepted;
});

Deno.test("disposing of a client takes back what is under way and leaves the connection", async () => {
  await using node = served();
  const client = connectCall(node.conn);
  const call = failureOf(client.call("test/hang"));
  await until(() => node.ops.hanging === 1);
  await client[Symbol.asyncDispose]();
  strictEqual((await call).code, "ABORTED");
  await until(() => node.ops.hanging === 0);
  strictEqual(node.conn.signal.aborted, false);
  await rejects(client.call("test/echo"), { code: "UNAVAILABLE" });
});

function overMemory(singleStream: boolean, limits?: Partial<CallLimits>): Promise<Pair> {
  const node = served({ singleStream }, { limits });
  return Promise.resolve({
    client: connectCall(node.conn),
    ops: node.ops,
    cut: () => node.conn.close(),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  });
}

async function overNetwork(transport: "quic" | "tls", limits?: Partial<CallLimits>): Promise<Pair> {
  const ops = new Operations();
  const handlers = [call({ dispatcher: ops, limits })];
  const node = await serve({ hostname: "127.0.0.1", handlers });
  const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
  const identity = await generateNodeKey();
  const conn = await dial(target, { alpn: ALPN, identity, transports: [transport] });
  return {
    client: connectCall(conn),
    ops,
    cut: () => conn.close(),
    async [Symbol.asyncDispose](): Promise<void> {
      conn.close();
      await node[Symbol.asyncDispose]();
    },
  };
}

Deno.test("connectCall() on a connection that is over fails its calls at once", async () => {
  const [here, there] = memoryPair();
  there.close();
  await rejects(connectCall(here).call("test/echo"), { code: "UNAVAILABLE" });
});

async function failureOf(call: Promise<unknown>): Promise<CallError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new TypeError("Call did not fail");
}
