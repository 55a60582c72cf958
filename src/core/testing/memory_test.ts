import { strictEqual } from "node:assert/strict";
import { type ConnectedPair, connectionCompliance } from "./compliance.ts";
import { memoryPair, type MemoryPairOptions } from "./memory.ts";

for (const { name, run } of connectionCompliance) {
  Deno.test(`memory: ${name}`, () => run(() => Promise.resolve(pair({}))));
}

for (const { name, run } of connectionCompliance.filter((each) => !each.multiplexed)) {
  Deno.test(`memory, one stream: ${name}`, () =>
    run(() => Promise.resolve(pair({ singleStream: true }))));
}

Deno.test("memoryPair() shows the server who the client is", () => {
  const identity = { id: "alice", scopes: ["git:read"], resources: {} };
  const [client, server] = memoryPair({ identity, alpn: "example/x" });
  strictEqual(server.identity, identity);
  strictEqual(client.identity, undefined);
  strictEqual(server.alpn, "example/x");
});

function pair(options: MemoryPairOptions): ConnectedPair {
  const [client, server] = memoryPair(options);
  return {
    client,
    server,
    [Symbol.asyncDispose](): Promise<void> {
      client.close();
      return Promise.resolve();
    },
  };
}
