import { ok, rejects, strictEqual } from "node:assert/strict";

import type { Connection, SendStream, Stream } from "@alknet/core";

import { H3ErrorCode } from "./error_code.ts";
import { encodeFrame, FrameType } from "./frame_type.ts";
import { DEFAULT_H3_LIMITS, type H3Limits } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { QpackEncoder } from "./qpack/encoder.ts";
import type { H3Handler } from "./exchange.ts";
import { startServer, type TestServer } from "./testdata/pair.ts";

const URL = "https://localhost/";
const GET = head("GET");
const POST = head("POST");

limit("maxFieldSectionBytes", 200, async (server) => {
  await using client = await server.client();
  const response = await client.fetch(URL, { headers: { "x-long": "y".repeat(200) } });
  strictEqual(response.status, 431);
  await response.body?.cancel();
  strictEqual((await client.fetch(URL)).status, 200);
});

limit("maxTableBytes", 100, async (server) => {
  await using conn = await server.dial();
  await openUni(conn, [0x02, 0x3f, 0x46]); // a capacity of 101
  strictEqual((await conn.closed).code, H3ErrorCode.QpackEncoderStreamError);
});

limit("maxBlockedStreams", 2, async (server) => {
  await using conn = await server.dial();
  await openUni(conn, [0x02, 0x3f, 0xe1, 0x1f]);
  const blocked = encodeFrame(FrameType.Headers, new Uint8Array([0x02, 0x00, 0x80]));
  for (let stream = 0; stream < 3; stream++) await begin(conn, blocked);
  strictEqual((await conn.closed).code, H3ErrorCode.QpackDecompressionFailed);
});

limit("maxRequests", 3, async (server) => {
  await using client = await server.client();
  const abort = new AbortController();
  const hanging = [1, 2, 3].map(() => client.fetch(`${URL}hang`, { signal: abort.signal }));
  while (server.running() < 3) await pause(5);
  const refused = await client.fetch(URL);
  strictEqual(refused.status, 503);
  await refused.body?.cancel();
  abort.abort();
  await Promise.allSettled(hanging);
  // Given up or not, a handler that runs has its place.
  strictEqual((await client.fetch(URL)).status, 503);
});

limit("maxSessions", 2, async (server) => {
  await using client = await server.client();
  const [first] = [await client.webTransport(URL), await client.webTransport(URL)];
  await rejects(client.webTransport(URL), /answered with 429/);
  first.close();
  await pause(50);
  await client.webTransport(URL);
});

limit("maxEarlyStreams", 3, async (server) => {
  await using conn = await server.dial();
  const early: Stream[] = [];
  for (let stream = 0; stream < 4; stream++) {
    early.push(await begin(conn, new Uint8Array([0x40, 0x41, 0x40, 0x50])));
  }
  strictEqual(await early[0]?.read(new Uint8Array(1)), null); // given up to make room
  const waiting = early[3]?.read(new Uint8Array(1)).catch(() => {});
  strictEqual(await Promise.race([waiting, pause(50).then(() => "open")]), "open");
});

limit("maxQueuedDatagrams", 3, async (server) => {
  await using client = await server.client();
  const session = await client.webTransport(URL);
  for (let n = 0; n < 6; n++) await session.datagrams.send(new Uint8Array([n]));
  await pause(50);
  const stream = await session.openStream(); // the server reads its datagrams from here on
  await pause(50);
  await stream.closeWrite();
  const got: number[] = [];
  const buffer = new Uint8Array(10);
  while (got.length < 3) got.push(...buffer.subarray(0, await stream.read(buffer) ?? 0));
  strictEqual(got.join(), "3,4,5");
});

limit("maxIdleFrames", 20, async (server) => {
  for (const frame of [[0x21, 0x00], [0x00, 0x00]]) { // unknown, and DATA without content
    await using conn = await server.dial();
    const stream = await begin(conn, POST);
    const flood = writeAll(stream, Array(500).fill(frame).flat());
    strictEqual((await conn.closed).code, H3ErrorCode.ExcessiveLoad);
    await flood;
  }
});

limit("maxIdleFrames", 20, async (server) => {
  await using conn = await server.dial();
  for (let stream = 0; stream < 60 && !conn.signal.aborted; stream++) {
    await openUni(conn, [0x21, 0x00]).catch(() => {}); // streams of unknown types
  }
  strictEqual((await conn.closed).code, H3ErrorCode.ExcessiveLoad);
}, "for streams");

// The HTTP/3 form of CVE-2023-44487: requests that are made only to be given up.
limit("maxAbortedRequests", 20, async (server) => {
  await using conn = await server.dial();
  for (let request = 0; request < 500 && !conn.signal.aborted; request++) {
    try {
      (await begin(conn, head("GET", "/slow"))).reset();
      await pause(1);
    } catch {
      break; // closed meanwhile
    }
  }
  strictEqual((await conn.closed).code, H3ErrorCode.ExcessiveLoad);
});

limit("maxDiscardedBytes", 100_000, async (server) => {
  await using conn = await server.dial();
  const stream = await begin(conn, POST);
  await rejects(async () => {
    for (let n = 0; n < 1_000; n++) {
      await stream.write(encodeFrame(FrameType.Data, new Uint8Array(10_000)));
      await pause(1);
    }
  });
  strictEqual(conn.signal.aborted, false);
});

limit("discardTimeoutMs", 50, async (server) => {
  await using conn = await server.dial();
  const stream = await begin(conn, POST);
  await rejects(async () => {
    for (let n = 0; n < 1_000; n++) {
      await stream.write(encodeFrame(FrameType.Data, new Uint8Array(1)));
      await pause(5);
    }
  });
  strictEqual(conn.signal.aborted, false);
});

limit("headTimeoutMs", 50, async (server) => {
  await using conn = await server.dial();
  const slow = await begin(conn, GET.subarray(0, 3)); // slow loris
  strictEqual(await firstFrame(slow), FrameType.Headers); // 408
  const other = await begin(conn, GET);
  ok((await other.read(new Uint8Array(10)) ?? 0) > 0);
});

limit("idleTimeoutMs", 100, async (server) => {
  await using client = await server.client();
  await (await client.fetch(URL)).text();
  const session = await client.webTransport(URL);
  await pause(200); // a session is no idleness
  strictEqual(client.conn.signal.aborted, false);
  session.close();
  strictEqual((await client.conn.closed).code, H3ErrorCode.NoError);
});

Deno.test("maxUnsentBytes bounds what is held for a peer that does not read", () => {
  const failures: unknown[] = [];
  const outbox = new Outbox({
    open: () => new Promise<SendStream>(() => {}),
    prefix: new Uint8Array(1),
    maxBytes: 100,
    failed: (error) => failures.push(error),
  });
  for (let n = 0; n < 10; n++) outbox.send(new Uint8Array(10));
  strictEqual(failures.length, 0);
  outbox.send(new Uint8Array(1));
  strictEqual(failures.length, 1);
});

Deno.test("every limit has a test and a line in docs/limits.md", async () => {
  const text = await Deno.readTextFile(new globalThis.URL("./limits_test.ts", import.meta.url));
  const docs = await Deno.readTextFile(new globalThis.URL("../../docs/limits.md", import.meta.url));
  for (const name of Object.keys(DEFAULT_H3_LIMITS)) {
    if (name !== "probeIntervalMs") ok(text.includes(`"${name}`), name);
    ok(docs.includes(`\`${name}\``), name);
  }
});

interface LimitedServer extends TestServer {
  /** Handlers that run now. */
  running(): number;
}

function limit(
  name: keyof H3Limits,
  value: number,
  test: (server: LimitedServer) => Promise<void>,
  more = "",
): void {
  Deno.test(`${name} bounds what it says ${more}`.trim(), async () => {
    let running = 0;
    const release = Promise.withResolvers<void>();
    const handler: H3Handler = async (request, info) => {
      if (info.protocol) return upgrade(info);
      running++;
      if (request.url.endsWith("/hang")) await release.promise;
      if (request.url.endsWith("/slow")) await pause(5);
      running--;
      return new Response("ok");
    };
    await using server = await startServer(handler, { limits: { [name]: value } });
    await test({ ...server, running: () => running });
    release.resolve();
    while (running > 0) await pause(1); // handlers may outlive their connections
  });
}

/** A session that sends its datagrams over the first stream, once there is one. */
function upgrade(info: Parameters<H3Handler>[1]): Response {
  const { response, session } = info.upgradeWebTransport();
  (async () => {
    for await (const stream of session.streams) {
      while (true) await stream.write(await session.datagrams.receive());
    }
  })().catch(() => {}); // the session is over
  return response;
}

function head(method: string, path = "/"): Uint8Array<ArrayBuffer> {
  const lines = [[":method", method], [":scheme", "https"], [":authority", "a"], [":path", path]];
  const section = new QpackEncoder().encode(0, lines.map(([a = "", b = ""]) => [a, b]));
  return encodeFrame(FrameType.Headers, section);
}

async function firstFrame(stream: Stream): Promise<number | undefined> {
  const buffer = new Uint8Array(1);
  return await stream.read(buffer) === null ? undefined : buffer[0];
}

async function openUni(
  conn: Connection,
  bytes: readonly number[],
): Promise<SendStream | undefined> {
  const stream = await conn.uni?.open();
  await stream?.write(new Uint8Array(bytes));
  return stream;
}

async function begin(conn: Connection, bytes: Uint8Array): Promise<Stream> {
  const stream = await conn.openStream();
  await stream.write(bytes);
  return stream;
}

async function writeAll(stream: Stream, bytes: readonly number[]): Promise<void> {
  await stream.write(new Uint8Array(bytes)).catch(() => {}); // closed meanwhile
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
