import { connectCall } from "@alknet/call";
import type { Connection } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { RemoteOperations } from "./remote_operations.ts";

const { signal } = new AbortController();

function registry(): OperationRegistry {
  const registry = new OperationRegistry();
  registry.register([
    operation({ name: "greet", type: "query", access: ANYONE, handler: () => "hello" }),
    operation({
      name: "count",
      type: "subscription",
      access: ANYONE,
      async *handler() {
        yield 1;
        yield 2;
      },
    }),
    operation({
      name: "services/list",
      access: ANYONE,
      handler: () => [{ name: "greet", type: "query", description: "" }, { name: 7 }, null],
    }),
    operation({
      name: "services/schema",
      access: ANYONE,
      handler: (input) =>
        JSON.stringify(input) === '{"name":"greet"}' ? { name: "greet", type: "query" } : [],
    }),
  ]);
  return registry;
}

Deno.test("a remote node's operations are called, and dialled anew when the connection breaks", async () => {
  const dispatcher = registry();
  const conns: Connection[] = [];
  const servers: AsyncDisposable[] = [];
  await using remote = new RemoteOperations(() => {
    const [here, there] = memoryPair();
    servers.push(connectCall(there, { dispatcher }));
    conns.push(here);
    return Promise.resolve(here);
  });
  const request = remote.request(signal);
  strictEqual(await remote.call("greet", {}, request), "hello");
  deepStrictEqual(await Array.fromAsync(remote.subscribe("count", {}, request)), [1, 2]);
  deepStrictEqual(await remote.list(signal), [{ name: "greet", type: "query", description: "" }]);
  strictEqual((await remote.schema("greet", signal)).type, "query");
  await rejects(remote.schema("other", signal), { code: "INTERNAL" });
  conns[0]?.close();
  await conns[0]?.closed;
  strictEqual(await remote.call("greet", {}, request), "hello");
  strictEqual(conns.length, 2);
  for (const server of servers) await server[Symbol.asyncDispose]();
});

Deno.test("a remote node that cannot be reached is UNAVAILABLE, and tried again", async () => {
  let tries = 0;
  await using remote = new RemoteOperations(() => {
    tries++;
    return Promise.reject(new TypeError("no route"));
  });
  for (let n = 0; n < 2; n++) {
    const call = remote.call("greet", {}, remote.request(signal));
    await rejects(call, { code: "UNAVAILABLE", retryable: true });
  }
  strictEqual(tries, 2);
});
