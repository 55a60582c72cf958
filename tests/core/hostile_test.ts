import { ok, rejects, strictEqual } from "node:assert/strict";
import { connect as tcpConnect, type Socket } from "node:net";

import type { Endpoint } from "@alknet/core";
import { pause, reach, roundTrip, start, TRANSPORTS, until } from "./support.ts";

Deno.test("2,000 garbage datagrams, some like QUIC, harm nobody", async () => {
  await using node = await start();
  await using conn = await reach(node, "quic");
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: node.addr.port };
  for (let index = 0; index < 2_000; index++) {
    const datagram = crypto.getRandomValues(new Uint8Array(1 + index % 1_300));
    // A long header of version 1 with random rest, a version that does not exist, a short header.
    if (index % 4 === 1) datagram.set([0xc3, 0, 0, 0, 1, 8].slice(0, datagram.length));
    if (index % 4 === 2) datagram.set([0xff, 0xba, 0xba, 0xba, 0xba].slice(0, datagram.length));
    if (index % 4 === 3) datagram.set([0x40]);
    await socket.send(datagram, to);
    if (index % 200 === 0) await roundTrip(conn);
  }
  socket.close();
  await servesAll(node);
});

Deno.test("QUIC clients that never finish their handshake are cleared away", async () => {
  await using node = await start({ limits: { handshakeTimeoutMs: 200 } });
  const dials = Array.from(
    { length: 50 },
    (_, index) => rejects(reach(node, "quic", { signal: AbortSignal.timeout(index % 5) })),
  );
  await Promise.allSettled(dials);
  await until(() => node.counters.handshaking === 0 && node.counters.active === 0);
  await servesAll(node);
});

Deno.test("garbage over TCP ends its own connection only", async () => {
  await using node = await start();
  const payloads = [
    new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    new TextEncoder().encode("SSH-2.0-OpenSSH_9.2\r\n"),
    new Uint8Array(10_000),
    new Uint8Array([0x16, 3, 1, 0xff, 0xff, ...new Uint8Array(500)]), // a hello that never ends
    ...Array.from({ length: 20 }, () => crypto.getRandomValues(new Uint8Array(500))),
  ];
  const sockets = await Promise.all(payloads.map(async (payload) => {
    const socket = await tcp(node.addr.port);
    socket.write(payload);
    return socket;
  }));
  await until(() => node.counters.handshakeFailed >= payloads.length / 2);
  await servesAll(node);
  for (const socket of sockets) socket.destroy();
});

Deno.test("half-open TCP connections do not keep others out, and are cleared away", async () => {
  await using node = await start({ limits: { handshakeTimeoutMs: 2_000 } });
  const sockets = await Promise.all(Array.from({ length: 100 }, () => tcp(node.addr.port)));
  await until(() => node.counters.handshaking === 100);
  await servesAll(node);
  await until(() => node.counters.handshaking === 0);
  strictEqual(node.counters.handshakeTimeout, 100);
  for (const socket of sockets) socket.destroy();
});

Deno.test("a slow loris, a byte every 100 ms, is cut off after the handshake time", async () => {
  await using node = await start({ limits: { handshakeTimeoutMs: 500 } });
  const socket = await tcp(node.addr.port);
  let over = false;
  socket.on("close", () => over = true);
  socket.resume();
  const record = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
  const began = Date.now();
  for (let index = 0; !over && index < 40; index++) {
    socket.write(new Uint8Array([record[index] ?? 0]));
    await pause(100);
  }
  ok(Date.now() - began < 2_000, "it was let go on");
  strictEqual(node.counters.handshakeTimeout, 1);
  await servesAll(node);
});

for (const transport of TRANSPORTS) {
  Deno.test(`${transport}: 300 connects and disconnects leave nothing behind`, async () => {
    await using node = await start({ limits: { lingerTimeoutMs: 50 } });
    for (let round = 0; round < 30; round++) {
      await Promise.all(Array.from({ length: 10 }, async (_, index) => {
        await using conn = await reach(node, transport);
        if (index % 2 === 0) await roundTrip(conn);
      }));
    }
    await until(() => node.counters.active === 0 && node.counters.handshaking === 0);
    strictEqual(node.connections.length, 0);
    ok(node.counters.accepted > 100);
  });

  Deno.test(`${transport}: a peer that opens and never writes keeps nobody waiting`, async () => {
    await using node = await start();
    await using silent = await reach(node, transport);
    const streams = transport === "quic" ? 100 : 1;
    for (let index = 0; index < streams; index++) await silent.openStream();
    await servesAll(node);
  });

  Deno.test(`${transport}: peers that vanish in the middle of a transfer are forgotten`, async () => {
    await using node = await start({ limits: { lingerTimeoutMs: 20 } });
    for (let round = 0; round < 10; round++) {
      await using conn = await reach(node, transport);
      const stream = await conn.openStream();
      await stream.write(new Uint8Array(20_000));
      stream.reset();
    }
    await until(() => node.counters.active === 0);
    await servesAll(node);
  });
}

/** Whether honest clients still get through on both transports. */
async function servesAll(node: Endpoint): Promise<void> {
  for (const transport of TRANSPORTS) {
    await using conn = await reach(node, transport);
    await roundTrip(conn);
  }
}

function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host: "127.0.0.1", port }, () => resolve(socket));
    socket.on("error", reject);
  });
}
