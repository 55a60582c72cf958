import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { ConnectionClosedError } from "@alknet/core";

import { CapsuleType, encodeCapsule, encodeClose } from "../capsule.ts";
import type { H3Client } from "../client.ts";
import { encodeFrame, FrameType } from "../frame_type.ts";
import { QpackEncoder } from "../qpack/encoder.ts";
import { startServer, type TestServer } from "../testdata/pair.ts";
import type { WebTransportSession } from "../web_transport_session.ts";

const URL = "https://localhost/session";

Deno.test("streams, one-way streams and datagrams of a session go both ways", async () => {
  await using site = await startSite();
  const [here, there] = await site.session();
  for (const [from, to] of [[here, there], [there, here]] as const) {
    const stream = await from.openStream();
    await stream.write(text("both ways"));
    await stream.closeWrite();
    const arrived = await first(to.streams);
    strictEqual(await new Response(arrived.readable).text(), "both ways");
    const oneWay = await from.uni.open();
    await oneWay.write(text("one way"));
    await oneWay.closeWrite();
    strictEqual(await new Response((await first(to.uni.incoming)).readable).text(), "one way");
    const received = to.datagrams.receive();
    await from.datagrams.send(text("a datagram"));
    deepStrictEqual(await received, text("a datagram"));
  }
});

Deno.test("a stream ends when its writer ends it, and only then", async () => {
  await using site = await startSite();
  const [here, there] = await site.session();
  const stream = await here.openStream();
  await stream.write(text("a"));
  const arrived = await first(there.streams);
  await arrived.read(new Uint8Array(10));
  const end = arrived.read(new Uint8Array(10));
  strictEqual(await Promise.race([end, pause(50).then(() => "open")]), "open");
  await stream.closeWrite();
  strictEqual(await end, null);
});

Deno.test("several sessions share a connection with requests and do not mix", async () => {
  await using site = await startSite();
  await using client = await site.server.client();
  const pairs = [];
  for (let n = 0; n < 5; n++) pairs.push(await site.session(client));
  const texts = await Promise.all(pairs.map(async ([here, there], index) => {
    const stream = await here.openStream();
    await stream.write(text(`session ${index}`));
    await stream.closeWrite();
    return await new Response((await first(there.streams)).readable).text();
  }));
  deepStrictEqual(texts, [0, 1, 2, 3, 4].map((n) => `session ${n}`));
  pairs[2]?.[0].close(9, "just this one");
  deepStrictEqual({ ...await pairs[2]?.[1].closed }, { code: 9, reason: "just this one" });
  strictEqual(await (await client.fetch("https://localhost/")).text(), "a page");
  strictEqual(pairs[1]?.[1].signal.aborted, false);
});

Deno.test("close() is told with code and reason to the other side, whichever that is", async () => {
  await using site = await startSite();
  for (const side of [0, 1] as const) {
    const pair = await site.session();
    pair[side].close(4_000_000_000, "grüße");
    const expected = { code: 4_000_000_000, reason: "grüße" };
    deepStrictEqual({ ...await pair[1 - side]?.closed }, expected);
    deepStrictEqual({ ...await pair[side].closed }, expected);
    await rejects(pair[side].openStream(), ConnectionClosedError);
    await rejects(pair[side].datagrams.receive(), ConnectionClosedError);
    await rejects(pair[side].uni.open(), ConnectionClosedError);
  }
});

Deno.test("a session ends with its connection", async () => {
  await using site = await startSite();
  const [here, there] = await site.session();
  const receiving = rejects(there.datagrams.receive(), ConnectionClosedError);
  site.clients.at(-1)?.conn.close(5, "gone");
  strictEqual((await here.closed).code, 5);
  strictEqual((await there.closed).code, 5);
  await receiving;
});

Deno.test("drain() asks the other side to come to its end", async () => {
  await using site = await startSite();
  const [here, there] = await site.session();
  await there.drain();
  await here.draining;
  strictEqual(here.signal.aborted, false);
});

Deno.test("datagrams are bounded by what is left of a packet, and say so", async () => {
  await using site = await startSite();
  const [here, there] = await site.session();
  const largest = new Uint8Array(here.datagrams.maxBytes);
  ok(largest.length > 1_000);
  await rejects(here.datagrams.send(new Uint8Array(largest.length + 1)), RangeError);
  const received = there.datagrams.receive();
  await here.datagrams.send(largest);
  strictEqual((await received).length, largest.length);
});

Deno.test("a refused session rejects, and leaves the connection alone", async () => {
  await using server = await startServer(() => new Response("no", { status: 403 }));
  await using client = await server.client();
  await rejects(client.webTransport(URL), /answered with 403/);
  strictEqual((await client.fetch(URL)).status, 403);
});

Deno.test("upgradeWebTransport() is for requests that ask for a session", async () => {
  await using server = await startServer((_request, info) => info.upgradeWebTransport().response);
  await using client = await server.client();
  strictEqual((await client.fetch(URL)).status, 500);
});

Deno.test("a session whose handler returns something else is over", async () => {
  let session: WebTransportSession | undefined;
  await using server = await startServer((_request, info) => {
    session = info.upgradeWebTransport().session;
    return new Response("no", { status: 404 });
  });
  await using client = await server.client();
  await rejects(client.webTransport(URL), /answered with 404/);
  await rejects(session?.ready ?? Promise.resolve(), /not upgraded/);
  await session?.closed;
});

Deno.test("streams that come before their session are delivered when it is there", async () => {
  const arrived = Promise.withResolvers<WebTransportSession>();
  await using server = await startServer((_request, info) => {
    const { response, session } = info.upgradeWebTransport();
    arrived.resolve(session);
    return response;
  });
  await using conn = await server.dial();
  const connect = await conn.openStream();
  const early = await conn.openStream();
  await early.write(new Uint8Array([0x40, 0x41, connect.id ?? 0, ...text("early")]));
  await early.closeWrite();
  await pause(50);
  await connect.write(connectHead());
  const session = await arrived.promise;
  strictEqual(await new Response((await first(session.streams)).readable).text(), "early");
});

Deno.test("a session that its client closes is ended on the wire without waiting for it", async () => {
  await using site = await startSite();
  await using conn = await site.server.dial();
  const stream = await conn.openStream();
  await stream.write(connectHead());
  const session = await site.next();
  const capsule = encodeCapsule(CapsuleType.CloseSession, encodeClose(3, "bye"));
  await stream.write(encodeFrame(FrameType.Data, capsule));
  await new Response(stream.readable).bytes(); // comes to its end, though ours has not
  deepStrictEqual({ ...await session.closed }, { code: 3, reason: "bye" });
  await stream.closeWrite();
});

Deno.test("capsules that are cut, too long or unknown are what they should be", async () => {
  await using site = await startSite();
  const hostile: [number[], boolean][] = [
    [[...encodeCapsule(0x1234, new Uint8Array(500))], false], // unknown: ignored
    [[...encodeCapsule(CapsuleType.Datagram, text("by capsule"))], false],
    [[...encodeCapsule(CapsuleType.CloseSession, new Uint8Array(3))], true],
    [[...encodeCapsule(CapsuleType.CloseSession, new Uint8Array(1_100))], true],
    [[0x80, 0x00, 0x28, 0x43, 0xbf, 0xff, 0xff, 0xff], true], // a gigabyte is announced
  ];
  for (const [capsule, ends] of hostile) {
    await using conn = await site.server.dial();
    const stream = await conn.openStream();
    await stream.write(connectHead());
    const session = await site.next();
    await stream.write(encodeFrame(FrameType.Data, new Uint8Array(capsule)));
    await pause(50);
    strictEqual(session.signal.aborted, ends);
    strictEqual(conn.signal.aborted, false);
  }
});

interface Site extends AsyncDisposable {
  readonly server: TestServer;
  readonly clients: H3Client[];
  /** The next session at the server. */
  next(): Promise<WebTransportSession>;
  /** Both ends of a new one, the client's first. */
  session(client?: H3Client): Promise<[WebTransportSession, WebTransportSession]>;
}

async function startSite(): Promise<Site> {
  const waiting: ((session: WebTransportSession) => void)[] = [];
  const arrived: WebTransportSession[] = [];
  const clients: H3Client[] = [];
  const server = await startServer((_request, info) => {
    if (!info.protocol) return new Response("a page");
    const { response, session } = info.upgradeWebTransport();
    const resolve = waiting.shift();
    if (resolve) resolve(session);
    else arrived.push(session);
    return response;
  });
  const next = (): Promise<WebTransportSession> => {
    const session = arrived.shift();
    return session ? Promise.resolve(session) : new Promise((resolve) => waiting.push(resolve));
  };
  return {
    server,
    clients,
    next,
    session: async (client) => {
      const used = client ?? await server.client();
      clients.push(used);
      return [await used.webTransport(URL), await next()];
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const client of clients) await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function connectHead(): Uint8Array<ArrayBuffer> {
  const section = new QpackEncoder().encode(0, [
    [":method", "CONNECT"],
    [":protocol", "webtransport"],
    [":scheme", "https"],
    [":authority", "localhost"],
    [":path", "/session"],
  ]);
  return encodeFrame(FrameType.Headers, section);
}

async function first<T>(items: AsyncIterable<T>): Promise<T> {
  for await (const item of items) return item;
  throw new RangeError("There was none");
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
