import type { Identity } from "@alknet/core";
import { NOBODY } from "@alknet/core";
import fc from "fast-check";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { type CallClient, callOverWebSocket, SocketClose } from "./mod.ts";
import { RawSocket, serveSockets } from "./testdata/sockets.ts";
import { Operations, pause, request, until } from "./testdata/support.ts";

Deno.test("both sides of a WebSocket call each other, with the same client", async () => {
  const head = Promise.withResolvers<CallClient>();
  await using server = serveSockets({ onSocket: (client) => head.resolve(client) });
  const worker = new Operations();
  await using client = callOverWebSocket(new WebSocket(server.url), { dispatcher: worker });
  strictEqual(await client.call("test/echo", "up"), "up");
  const back = await head.promise;
  strictEqual(await back.call("test/echo", "down"), "down");
  deepStrictEqual(await Array.fromAsync(back.subscribe("sub/count", { count: 3 })), [0, 1, 2]);
});

Deno.test("one binary message is one envelope, without a length", async () => {
  await using server = serveSockets();
  await using raw = new RawSocket(server.url);
  await raw.send(request("1", "test/echo", { input: "x" }));
  deepStrictEqual(await raw.next(), {
    type: "call.responded",
    id: "1",
    payload: { output: "x" },
  });
});

const BAD: ReadonlyArray<readonly [what: string, message: string | number[], code: number]> = [
  ["text", '{"type":"call.aborted","id":"1","payload":{}}', SocketClose.Malformed],
  ["no JSON", [1, 2, 3], SocketClose.Malformed],
  ["nothing", [], SocketClose.Malformed],
  ["not UTF-8", [0x22, 0xff, 0x22], SocketClose.Malformed],
  ["more than the limit", Array.from({ length: 2_001 }, () => 32), SocketClose.TooLarge],
];

for (const [what, message, code] of BAD) {
  Deno.test(`a message of ${what} closes its socket with ${code}, and no other`, async () => {
    await using server = serveSockets({ limits: { maxAnonymousFrameBytes: 2_000 } });
    await using neighbour = callOverWebSocket(new WebSocket(server.url));
    await neighbour.call("test/echo");
    await using raw = new RawSocket(server.url);
    await raw.send(request("1", "test/hang"));
    await until(() => server.ops.hanging === 1);
    await raw.write(typeof message === "string" ? message : new Uint8Array(message));
    const event = await raw.next();
    deepStrictEqual([event?.type, event?.id], ["call.error", ""]);
    strictEqual((await raw.closed).code, code);
    await until(() => server.ops.hanging === 0);
    strictEqual(await neighbour.call("test/echo", "well"), "well");
  });
}

Deno.test("random and mutated messages leave the server serving", async () => {
  await using server = serveSockets();
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.string({ maxLength: 20 }),
    fc.tuple(fc.nat(200), fc.nat(255)).map(([at, byte]) => {
      const bytes = new TextEncoder().encode(JSON.stringify(request(`${at}`, "test/echo")));
      if (at < bytes.length) bytes[at] = byte;
      return bytes;
    }),
  );
  for (const each of fc.sample(message, { numRuns: 200, seed: 5 })) {
    await using raw = new RawSocket(server.url);
    await raw.write(typeof each === "string" ? each : new Uint8Array(each));
  }
  await using client = callOverWebSocket(new WebSocket(server.url));
  strictEqual(await client.call("test/echo", "alive"), "alive");
});

Deno.test("a server that is no envelopes' closes the client with a code", async () => {
  const closed = Promise.withResolvers<number>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.addEventListener("message", () => socket.send("hello"));
    socket.addEventListener("close", ({ code }) => closed.resolve(code));
    return response;
  });
  await using client = callOverWebSocket(new WebSocket(`ws://127.0.0.1:${server.addr.port}/`));
  await rejects(client.call("test/echo"), { code: "PROTOCOL_ERROR" });
  strictEqual(await closed.promise, SocketClose.Malformed);
});

Deno.test("a server that is not there fails calls with UNAVAILABLE", async () => {
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr as Deno.NetAddr;
  gone.close();
  const client = callOverWebSocket(new WebSocket(`ws://127.0.0.1:${port}/`));
  await rejects(client.call("test/echo"), { code: "UNAVAILABLE", retryable: true });
  await rejects(client.call("test/echo"), { code: "UNAVAILABLE" });
});

Deno.test("disposing of the client closes the socket and stops what runs", async () => {
  await using server = serveSockets();
  const socket = new WebSocket(server.url);
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  const client = callOverWebSocket(socket);
  const call = client.call("test/hang").catch((error) => error.code);
  await until(() => server.ops.hanging === 1);
  await client[Symbol.asyncDispose]();
  strictEqual(await call, "ABORTED");
  strictEqual((await closed).code, SocketClose.Done);
  await until(() => server.ops.hanging === 0 && server.ended === 1);
});

Deno.test("a node that shuts down lets calls finish and closes with 4503", async () => {
  await using server = serveSockets();
  await using raw = new RawSocket(server.url);
  await raw.send(
    request("1", "test/hang", { timeout_ms: 500 }),
    request("2", "sub/quiet", { input: { count: 0 } }),
  );
  await until(() => server.ops.hanging === 2);
  server.shutdown.abort();
  const codes = new Map<string, unknown>();
  for (let event = await raw.next(); event; event = await raw.next()) {
    codes.set(event.id, (event.payload as { code?: string }).code);
  }
  deepStrictEqual([codes.get("1"), codes.get("2")], ["TIMEOUT", "UNAVAILABLE"]);
  strictEqual((await raw.closed).code, SocketClose.ShuttingDown);
});

Deno.test("a socket that comes while the node shuts down is closed with a code", async () => {
  await using server = serveSockets();
  server.shutdown.abort();
  await using raw = new RawSocket(server.url);
  ok((await raw.closed).code >= 4_000);
});

Deno.test("a peer whose permission is withdrawn loses its socket", async () => {
  let identity: Identity | undefined = { id: "alice", scopes: [], resources: {} };
  let changed = (): void => {};
  const identities = {
    ...NOBODY,
    onChange(listener: () => void): () => void {
      const before = changed;
      changed = () => [before, listener].forEach((each) => each());
      return () => {};
    },
  };
  await using server = serveSockets({ identity: () => identity, identities });
  await using raw = new RawSocket(server.url);
  await raw.send(request("1", "test/who"));
  deepStrictEqual((await raw.next())?.payload, { output: "alice" });
  await raw.send(request("2", "test/hang"));
  await until(() => server.ops.hanging === 1);
  identity = undefined;
  changed();
  strictEqual((await raw.closed).code, SocketClose.Revoked);
  await until(() => server.ops.hanging === 0);
});

// The socket is plain TCP, so that nobody reads: a WebSocket of the platform always does.
Deno.test("a peer that does not read stops a producer that has no credit", async () => {
  await using server = serveSockets();
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(server.url).port),
  });
  await upgrade(conn);
  await conn.write(masked(request("1", "sub/count", { input: { size: 10_000 } })));
  await until(() => server.ops.produced > 10);
  let before = -1;
  while (before !== server.ops.produced) {
    before = server.ops.produced;
    await pause(60);
  }
  ok(before < 3_000, `${before} items of 10 kB were produced for nobody`);
  conn.close();
  await until(() => server.ops.returned === 1 && server.ended === 1);
});

Deno.test("a peer that asks and asks and never reads is cut off, not queued for", async () => {
  await using server = serveSockets();
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(server.url).port),
  });
  await upgrade(conn);
  const one = masked(request("1", "test/none", { input: "x".repeat(1_000) }));
  const many = new Uint8Array(await new Blob(Array.from({ length: 64 }, () => one)).arrayBuffer());
  let sent = 0;
  try {
    for (; sent < 1_000_000; sent += 64) await writeAll(conn, many);
  } catch {
    ok(sent > 0); // the socket is over
  }
  ok(sent < 200_000, `${sent} requests of 1 kB were taken`);
  await until(() => server.ended === 1);
  await using client = callOverWebSocket(new WebSocket(server.url));
  strictEqual(await client.call("test/echo", "alive"), "alive");
});

Deno.test("a credit of a few items holds the producer of a socket back", async () => {
  await using server = serveSockets();
  await using client = callOverWebSocket(new WebSocket(server.url));
  const items = client.subscribe("sub/count", { size: 1_000 }, { windowItems: 8 });
  for (let taken = 0; taken < 20; taken++) await items.next();
  await pause(20);
  ok(server.ops.produced <= 28, `${server.ops.produced} produced`);
  await items.return();
  await until(() => server.ops.returned === 1);
});

/** Opens a WebSocket by hand (RFC 6455, section 4). */
async function upgrade(conn: Deno.TcpConn): Promise<void> {
  const lines = [
    "GET / HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  await conn.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const answer = new Uint8Array(1_000);
  const count = await conn.read(answer) ?? 0;
  ok(new TextDecoder().decode(answer.subarray(0, count)).startsWith("HTTP/1.1 101"));
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** A binary message of a client: final, masked with zeros, its length in two bytes. */
function masked(envelope: object): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(JSON.stringify(envelope));
  const head = [0x82, 0x80 | 126, body.length >> 8, body.length & 255, 0, 0, 0, 0];
  return new Uint8Array([...head, ...body]);
}
