import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { connect as tcpConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";

import { dial, DialError } from "@alknet/client";
import type { Connection } from "@alknet/core";
import {
  ALPN,
  drained,
  echo,
  firstStream,
  keeper,
  pause,
  reach,
  readExactly,
  roundTrip,
  start,
  TestPeers,
  TRANSPORTS,
  until,
} from "./support.ts";

const MIB = 1024 * 1024;

for (const transport of TRANSPORTS) {
  Deno.test(`${transport}: maxConnections turns newcomers away until somebody leaves`, async () => {
    await using node = await start({ limits: { maxConnections: 2 } });
    const first = await reach(node, transport);
    await using second = await reach(node, transport);
    await Promise.all([roundTrip(first), roundTrip(second)]);
    await refused(() => reach(node, transport));
    ok(node.counters.refusedTotal > 0);
    await roundTrip(second).catch(() => transport === "quic" ? Promise.reject() : undefined);
    first.close();
    await until(() => node.counters.active < 2);
    await using third = await reach(node, transport);
    await roundTrip(third);
  });

  Deno.test(`${transport}: maxConnectionsPerAddress holds one address back, and no other`, async () => {
    // Reading QuicIncoming.remoteAddr consumes and refuses the connection (findings): that the
    // address is counted at all shows that nobody touches that getter.
    await using node = await start({ hostname: "::", limits: { maxConnectionsPerAddress: 1 } });
    await using first = await reach(node, transport);
    await roundTrip(first);
    await refused(() => reach(node, transport));
    ok(node.counters.refusedAddress > 0);
    const v6 = `${node.nodeId}@[::1]:${node.addr.port}`;
    await using other = await dial(v6, { alpn: ALPN, transports: [transport] });
    await roundTrip(other);
  });

  Deno.test(`${transport}: maxConnectionsPerIdentity counts keys of one peer together`, async () => {
    const peers = new TestPeers();
    const [laptop, phone] = [await peers.add("alice"), await peers.add("alice")];
    const bob = await peers.add("bob");
    const limits = { maxConnectionsPerIdentity: 1 };
    const handlers = [echo({ peerAuth: "required" })];
    await using node = await start({ handlers, identities: peers, limits });
    await using first = await reach(node, transport, { identity: laptop });
    await roundTrip(first);
    await refused(() => reach(node, transport, { identity: phone }));
    strictEqual(node.counters.refusedIdentity, 1);
    await using other = await reach(node, transport, { identity: bob });
    await roundTrip(other);
    first.close();
    await until(() => node.counters.active === 1);
    await using again = await reach(node, transport, { identity: phone });
    await roundTrip(again);
  });

  Deno.test(`${transport}: a handler that hangs holds no place after its peer has left`, async () => {
    const peers = new TestPeers();
    const identity = await peers.add("alice");
    const handler = echo({
      peerAuth: "required",
      accept: async (conn) => {
        await drained(await firstStream(conn));
        conn.close();
        await new Promise(() => {});
      },
    });
    const limits = { maxConnectionsPerIdentity: 1, drainTimeoutMs: 20 };
    await using node = await start({ handlers: [handler], identities: peers, limits });
    for (let round = 1; round <= 3; round++) {
      const conn = await reach(node, transport, { identity });
      const stream = await conn.openStream();
      await stream.write(new Uint8Array([1]));
      await stream.closeWrite();
      await until(() => node.counters.accepted === round && node.counters.active === 0);
      conn.close();
    }
    strictEqual(node.counters.refusedIdentity, 0);
  });

  Deno.test(`${transport}: handshakeTimeoutMs ends a client that never sends its proof`, async () => {
    const handlers = [echo({ peerAuth: "required" })];
    await using node = await start({ handlers, limits: { handshakeTimeoutMs: 100 } });
    await using conn = await reach(node, transport); // no identity: takes no part in the exchange
    if (transport === "quic") deepStrictEqual({ ...await conn.closed }, TOO_LONG);
    else await drained(await conn.openStream()); // the hello, then the end
    await until(() => node.counters.active === 0);
    strictEqual(node.counters.handshakeTimeout, 1);
    strictEqual(node.counters.handshakeFailed, 0);
    strictEqual(node.counters.accepted, 0);
  });

  Deno.test(`${transport}: a proof sent a byte at a time does not outlast handshakeTimeoutMs`, async () => {
    const handlers = [echo({ peerAuth: "required" })];
    await using node = await start({ handlers, limits: { handshakeTimeoutMs: 300 } });
    await using conn = await reach(node, transport);
    const out = transport === "quic" ? await conn.uni?.open() : await conn.openStream();
    ok(out);
    await rejects(async () => {
      for (const byte of [1, 0x62, ...new Uint8Array(200)]) {
        await out.write(new Uint8Array([byte]));
        await pause(30);
      }
    });
    strictEqual(node.counters.handshakeTimeout, 1);
  });

  Deno.test(`${transport}: lingerTimeoutMs ends a peer that does not close after the handler`, async () => {
    const handlers = [echo({ accept: () => Promise.resolve() })];
    await using node = await start({ handlers, limits: { lingerTimeoutMs: 100 } });
    const began = Date.now();
    await using conn = await reach(node, transport);
    if (transport === "quic") strictEqual((await conn.closed).code, 0);
    else await drained(await conn.openStream());
    ok(Date.now() - began >= 90, "the peer had no time to close first");
    await until(() => node.counters.active === 0);
  });
}

const TOO_LONG = { code: 6, reason: "handshake took too long" };

Deno.test("handshakeTimeoutMs ends half-open TCP, counted once each", async () => {
  await using node = await start({ limits: { handshakeTimeoutMs: 100 } });
  const sockets = await Promise.all([1, 2, 3].map(() => tcp(node.addr.port)));
  await Promise.all(sockets.map(closed));
  strictEqual(node.counters.handshakeTimeout, 3);
  strictEqual(node.counters.handshakeFailed, 0);
  strictEqual(node.counters.handshaking, 0);
});

Deno.test("maxHandshakes turns TCP away before any cryptography, and QUIC too", async () => {
  const limits = { maxHandshakes: 2, handshakeTimeoutMs: 1_500 };
  await using node = await start({ limits });
  const sockets = await Promise.all([1, 2].map(() => tcp(node.addr.port)));
  await until(() => node.counters.handshaking === 2);
  for (const transport of TRANSPORTS) {
    await rejects(reach(node, transport, { timeoutMs: 3_000 }), DialError);
  }
  ok(node.counters.refusedHandshakes >= 2);
  await Promise.all(sockets.map(closed));
  await until(() => node.counters.handshaking === 0);
  for (const transport of TRANSPORTS) {
    await using conn = await reach(node, transport);
    await roundTrip(conn);
  }
});

Deno.test("one address cannot take every place for handshakes", async () => {
  // The attack: one host opens hundreds of TCP connections and sends nothing; for the whole
  // handshake time nobody else would get in.
  const limits = { maxHandshakes: 4, maxConnectionsPerAddress: 2, handshakeTimeoutMs: 60_000 };
  await using node = await start({ hostname: "::", limits });
  const sockets = await Promise.all([1, 2, 3, 4, 5].map(() => tcp(node.addr.port)));
  await until(() => node.counters.refusedAddress === 3);
  strictEqual(node.counters.handshaking, 2);
  await using conn = await dial(`${node.nodeId}@[::1]:${node.addr.port}`, {
    alpn: ALPN,
    transports: ["tls"],
  });
  await roundTrip(conn);
  for (const socket of sockets) socket.destroy();
});

Deno.test("maxStreams makes a QUIC peer wait for a place", async () => {
  const handler = keeper();
  await using node = await start({ handlers: [handler], limits: { maxStreams: 3 } });
  await using client = await reach(node, "quic");
  const server = await handler.next();
  const opened = [];
  for (let index = 0; index < 3; index++) opened.push(await client.openStream());
  let fourth = false;
  const waiting = client.openStream().then((stream) => {
    fourth = true;
    return stream;
  });
  await pause(100);
  strictEqual(fourth, false);
  const [first] = opened;
  ok(first);
  await first.write(new Uint8Array([1]));
  await first.closeWrite();
  const there = await firstStream(server);
  await drained(there);
  await there.closeWrite();
  await drained(first);
  await waiting;
});

Deno.test("maxBufferedBytes bounds what a TLS peer can make a slow handler hold", async () => {
  // The attack: 50 MB to a handler that does not read. What the process holds must stay near the
  // limit; the rest has to wait in the sender's and the kernels' buffers.
  const handler = keeper();
  const limits = { maxBufferedBytes: 262_144, drainTimeoutMs: 50 };
  await using node = await start({ handlers: [handler], limits });
  const before = Deno.memoryUsage();
  const socket = await tls(node.addr.port);
  let sent = 0;
  const chunk = new Uint8Array(65_536);
  const pump = (): void => {
    if (sent >= 50 * MIB || socket.destroyed) return;
    socket.write(chunk, () => {
      sent += chunk.length;
      pump();
    });
  };
  pump();
  const server = await handler.next();
  await settled(() => sent);
  ok(sent < 25 * MIB, `${sent} bytes were taken without anybody reading`);
  const after = Deno.memoryUsage();
  const grown = after.external + after.heapUsed - before.external - before.heapUsed;
  ok(grown < 25 * MIB, `the process grew by ${grown} bytes`);
  const there = await firstStream(server);
  for (let got = 0; got < 50 * MIB; got += MIB) await readExactly(there, MIB);
  strictEqual(sent >= 49 * MIB, true);
  socket.destroy();
});

Deno.test("idleTimeoutMs gives a QUIC connection up whose peer has fallen silent", async () => {
  const handler = keeper();
  await using node = await start({ handlers: [handler], limits: { idleTimeoutMs: 300 } });
  await using endpoint = quietEndpoint();
  const conn = await Deno.connectQuic({
    hostname: "127.0.0.1",
    port: node.addr.port,
    endpoint: endpoint.endpoint,
    alpnProtocols: [ALPN],
    ...trusting(node.listeners[0]?.certificates.leaf.sha256),
  });
  const server = await handler.next();
  const [info] = await Promise.all([server.closed, conn.closed.catch(() => {})]);
  deepStrictEqual({ ...info }, { code: 0, reason: "timed out" });
  strictEqual(node.counters.active, 0);
});

Deno.test("drainTimeoutMs of zero closes at once", async () => {
  const handler = keeper();
  const node = await start({ handlers: [handler], limits: { drainTimeoutMs: 0 } });
  await using conn = await reach(node, "quic");
  await handler.next();
  const began = Date.now();
  await node.close();
  ok(Date.now() - began < 500);
  strictEqual((await conn.closed).code, 5);
});

/** A connection that is turned away, in the handshake or right after it. */
async function refused(connect: () => Promise<Connection>): Promise<void> {
  await rejects(async () => {
    await using conn = await connect();
    await roundTrip(conn);
  });
}

function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host: "127.0.0.1", port }, () => resolve(socket));
    socket.on("error", reject);
  });
}

function tls(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = { ALPNProtocols: [ALPN], rejectUnauthorized: false };
    const socket = tlsConnect({ host: "127.0.0.1", port, ...options }, () => resolve(socket));
    socket.on("error", reject);
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("close", () => resolve());
    socket.resume();
  });
}

/** Resolves when a number has stopped growing. */
async function settled(value: () => number): Promise<void> {
  for (let last = -1; value() !== last;) {
    last = value();
    await pause(300);
  }
}

function quietEndpoint(): AsyncDisposable & { endpoint: Deno.QuicEndpoint } {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const close = (): void => endpoint.close({ closeCode: 0, reason: "" });
  return { endpoint, [Symbol.asyncDispose]: () => Promise.resolve(close()) };
}

function trusting(sha256: Uint8Array | undefined): { serverName: string } {
  const serverCertificateHashes = [{ algorithm: "sha-256", value: sha256 }];
  return { serverName: "node", ...{ serverCertificateHashes } };
}
