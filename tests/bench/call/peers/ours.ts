import { ALPN, call, connectCall } from "@alknet/call";
import { dial } from "@alknet/client";
import { serve } from "@alknet/core";
import { ANYONE, operation, OperationRegistry } from "@alknet/operations";

import type { Reach, RpcClient, RpcPeer } from "../rpc.ts";

/** A node with one operation behind the registry, its schema checked, and a client of it. */
export function ours(transport: "quic" | "tls"): RpcPeer {
  return {
    async serve(): Promise<Reach> {
      const node = await serve({
        hostname: "127.0.0.1",
        // 256 calls at once would stand at the limit of requests, and sometimes a moment above it.
        handlers: [call({ dispatcher: registry(), limits: { maxRequests: 512 } })],
      });
      return { port: node.addr.port, anchor: node.nodeId };
    },
    async connect({ port, anchor }): Promise<RpcClient> {
      const target = `${anchor}@127.0.0.1:${port}`;
      const conn = await dial(target, {
        alpn: ALPN,
        identity: "anonymous",
        transports: [transport],
      });
      const client = connectCall(conn);
      return {
        call: async (text) => String(await client.call("bench/echo", text)),
        subscribe: (bytes) => client.subscribe("bench/items", { bytes }),
      };
    },
  };
}

function registry(): OperationRegistry {
  const operations = new OperationRegistry();
  operations.register([
    operation({
      name: "bench/echo",
      access: ANYONE,
      input: { type: "string" },
      handler: (text) => text,
    }),
    operation({
      name: "bench/items",
      type: "subscription",
      access: ANYONE,
      input: { type: "object", properties: { bytes: { type: "number" } }, required: ["bytes"] },
      async *handler(input) {
        const item = "x".repeat(Number(Object(input).bytes));
        while (true) yield item;
      },
    }),
  ]);
  return operations;
}
