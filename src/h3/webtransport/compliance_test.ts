import { strictEqual } from "node:assert/strict";

import { type ConnectedPair, connectionCompliance } from "@alknet/core/testing";

import { startServer } from "../testdata/pair.ts";
import type { WebTransportSession } from "../web_transport_session.ts";
import { webTransportConnection } from "./web_transport_connection.ts";

const ALPN = "test/any";
const NOWHERE = { hostname: "127.0.0.1", port: 0 };

for (const { name, run } of connectionCompliance) {
  Deno.test(`webtransport: ${name}`, () => run(connect));
}

Deno.test("a session tells of its peer what the caller knows", async () => {
  await using pair = await connect();
  strictEqual(pair.server.identity?.id, "alice");
  strictEqual(pair.server.serverName, "localhost");
  strictEqual(pair.client.identity, undefined);
});

/** Two ends of a session over real QUIC. */
async function connect(): Promise<ConnectedPair> {
  const arrived = Promise.withResolvers<WebTransportSession>();
  const server = await startServer((_request, info) => {
    const { response, session } = info.upgradeWebTransport();
    arrived.resolve(session);
    return response;
  });
  const client = await server.client();
  const dialled = await client.webTransport("https://localhost/session");
  const options = { alpn: ALPN, remoteAddr: NOWHERE };
  const identity = { id: "alice", scopes: [], resources: {} };
  return {
    client: webTransportConnection(dialled, options),
    server: webTransportConnection(await arrived.promise, {
      ...options,
      serverName: "localhost",
      identity: () => identity,
    }),
    async [Symbol.asyncDispose](): Promise<void> {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
