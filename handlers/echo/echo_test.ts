import { dial } from "@alknet/client";
import { type Connection, ConnectionClosedError, NOBODY, serve } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { ok, rejects, strictEqual } from "node:assert/strict";

import { ALPN, echo } from "./mod.ts";

const BULK = new Uint8Array(3 * 1024 * 1024 + 17).map((_, index) => index * 7 + (index >> 8));

Deno.test("echo() sends back what it reads and ends after the peer, in memory", async () => {
  const [client, server] = memoryPair({ alpn: ALPN });
  const { signal } = server;
  const auth = { alpn: ALPN, remoteAddr: server.remoteAddr };
  const served = echo().accept(server, { auth, identities: NOBODY, signal });
  await assertEchoes(client);
  client.close();
  await served;
});

for (const transport of ["quic", "tls"] as const) {
  Deno.test(`echo() sends back what it reads and ends after the peer, over ${transport}`, async () => {
    await using node = await serve({ hostname: "127.0.0.1", handlers: [echo()] });
    const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
    await using conn = await dial(target, { alpn: ALPN, transports: [transport] });
    strictEqual(conn.transport, transport);
    await assertEchoes(conn);
  });

  Deno.test(`echo() answers before the peer has ended, over ${transport}`, async () => {
    await using node = await serve({ hostname: "127.0.0.1", handlers: [echo()] });
    const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
    await using conn = await dial(target, { alpn: ALPN, transports: [transport] });
    const stream = await conn.openStream();
    for (let round = 1; round <= 20; round++) {
      await stream.write(BULK.subarray(0, round));
      strictEqual(await stream.read(new Uint8Array(100)), round);
    }
    stream.reset();
  });
}

Deno.test("echo() outlives a stream that was given up", async () => {
  await using node = await serve({ hostname: "127.0.0.1", handlers: [echo()] });
  const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
  await using conn = await dial(target, { alpn: ALPN, transports: ["quic"] });
  const stream = await conn.openStream();
  await stream.write(BULK.subarray(0, 1000));
  stream.reset();
  await assertEchoes(conn);
});

Deno.test("echo() with peerAuth required turns strangers away", async () => {
  const handlers = [echo({ peerAuth: "required" })];
  await using node = await serve({ hostname: "127.0.0.1", handlers });
  const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
  await rejects(dial(target, { alpn: ALPN, identity: "anonymous" }), ConnectionClosedError);
  ok(node.counters.accepted === 0);
});

async function assertEchoes(conn: Connection): Promise<void> {
  const stream = await conn.openStream();
  const sent = stream.write(BULK).then(() => stream.closeWrite());
  const back = new Uint8Array(await new Response(stream.readable).arrayBuffer());
  await sent;
  strictEqual(back.length, BULK.length);
  ok(back.every((byte, index) => byte === BULK[index]), "echoed bytes differ");
}
