import { dial } from "@alknet/client";
import { generateNodeKey, serve } from "@alknet/core";

import { ALPN } from "./mod.ts";
import { callCompliance, type CallSource, connectionSource, memorySource } from "./testing/mod.ts";
import { socketSource } from "./testdata/socket_source.ts";

const SOURCES: Readonly<Record<string, CallSource>> = {
  "memory": memorySource(),
  "one memory stream": memorySource(true),
  "quic": networkSource("quic"),
  "tls": networkSource("tls"),
  "a WebSocket": socketSource(),
};

for (const [name, source] of Object.entries(SOURCES)) {
  const cases = callCompliance.filter((each) => source.multiplexed || !each.multiplexed);
  for (const each of cases) Deno.test(`${name}: ${each.name}`, () => each.run(source));
}

function networkSource(transport: "quic" | "tls"): CallSource {
  return connectionSource(async (handler) => {
    const node = await serve({ hostname: "127.0.0.1", handlers: [handler] });
    const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
    const identity = await generateNodeKey();
    const conn = await dial(target, { alpn: ALPN, identity, transports: [transport] });
    return { conn, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() };
  }, transport === "quic");
}
