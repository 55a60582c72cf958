import { dial } from "@alknet/client";
import { serve } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { ok, rejects, strictEqual } from "node:assert/strict";

import { ALPN, call, connectCall } from "./mod.ts";
import { Operations, served, until } from "./testdata/support.ts";

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
  await using node = served({}, { limits: { maxBytes: 10_000 } });
  const client = connectCall(node.conn);
  const waiting = client.call("test/hang", "x".repeat(6_000)).catch(() => {});
  await rejects(client.call("test/echo", "x".repeat(6_000)), { code: "RESOURCE_EXHAUSTED" });
  strictEqual(await client.call("test/echo", 1), 1);
  node.conn.close();
  await waiting;
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
  const taken = rejects(client.call("test/hang"), { code: "ABORTED" });
  await until(() => node.ops.hanging === 1);
  await client[Symbol.asyncDispose]();
  await taken;
  await until(() => node.ops.hanging === 0);
  strictEqual(node.conn.signal.aborted, false);
  await rejects(client.call("test/echo"), { code: "UNAVAILABLE" });
});

Deno.test("connectCall() on a connection that is over fails its calls at once", async () => {
  const [here, there] = memoryPair();
  there.close();
  await rejects(connectCall(here).call("test/echo"), { code: "UNAVAILABLE" });
});
