/** Swaps handlers, collects garbage as hard as it can, and counts who still gets through. */
import { dial } from "@alknet/client";
import { type Handler, serve } from "@alknet/core";

const collect: unknown = Reflect.get(globalThis, "gc");
if (typeof collect !== "function") throw new Error("Run with --v8-flags=--expose-gc");

const named = (name: string): Handler => ({
  name,
  alpn: [`test/${name}`],
  accept: async (conn) => void await conn.closed,
});
await using node = await serve({
  hostname: "127.0.0.1",
  handlers: [named("a")],
  limits: { drainTimeoutMs: 50 },
});

let reached = 0;
for (let round = 0; round < 10; round++) {
  node.addHandler(named("b"));
  node.removeHandler("b");
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await using _ = await dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, {
    alpn: "test/a",
    transports: ["quic"],
    timeoutMs: 3_000,
  });
  reached++;
}
await Deno.stdout.write(new TextEncoder().encode(`${reached} of 10 reached it\n`));
