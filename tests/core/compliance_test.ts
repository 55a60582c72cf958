import { type ConnectedPair, connectionCompliance } from "@alknet/core/testing";

import { keeper, reach, start, TestPeers, type Transport, TRANSPORTS } from "./support.ts";

for (const transport of TRANSPORTS) {
  const cases = connectionCompliance.filter((each) => transport === "quic" || !each.multiplexed);
  for (const { name, run } of cases) {
    Deno.test(`${transport}: ${name}`, () => run(() => connect(transport, false)));
    Deno.test(`${transport}, after a proof: ${name}`, () => run(() => connect(transport, true)));
  }
}

async function connect(transport: Transport, proof: boolean): Promise<ConnectedPair> {
  const peers = new TestPeers();
  const identity = proof ? await peers.add("alice") : undefined;
  const handler = keeper({ peerAuth: proof ? "required" : "none" });
  const node = await start({ handlers: [handler], identities: peers });
  const client = await reach(node, transport, { identity });
  const server = await handler.next();
  return {
    client,
    server,
    async [Symbol.asyncDispose](): Promise<void> {
      client.close();
      server.close();
      await node.close();
    },
  };
}
