/**
 * One HTTP/3 connection that lives long: tens of thousands of requests, given-up ones among them,
 * and thousands of WebTransport sessions and streams. Nothing of them may stay on the heap while the
 * connection lives, and garbage of any kind must not end the node.
 */
import { dial } from "@alknet/client";
import { type Endpoint, serve } from "@alknet/core";
import { connectH3, type H3Client, type H3Info, serveH3 } from "@alknet/h3";
import { ok, strictEqual } from "node:assert/strict";

import { heldBytes, NO_COLLECTOR } from "../tools/heap.ts";
import { testOrSkip } from "../tools/skip.ts";

const REQUESTS = 20_000;
const SESSIONS = 2_000;
const GARBAGE_STREAMS = 3_000;
const AT_ONCE = 50;
/** Deno's own streams leave some 150 bytes each. */
const MAX_GROWTH_BYTES = 500;

testOrSkip(
  `${REQUESTS} requests on one connection leave nothing on the heap`,
  NO_COLLECTOR,
  async () => {
    await using node = await startNode();
    await using client = await connect(node);
    const request = async (): Promise<void> => {
      const init = { method: "POST", body: "hello" };
      strictEqual(await (await client.fetch("https://localhost/", init)).text(), "hello");
    };
    await grows(REQUESTS, request);
  },
);

testOrSkip(
  `${SESSIONS} WebTransport sessions on one connection leave nothing on the heap`,
  NO_COLLECTOR,
  async () => {
    await using node = await startNode();
    await using client = await connect(node);
    await grows(SESSIONS, () => session(client), 10);
  },
);

testOrSkip(
  "given-up requests on one connection leave nothing on the heap",
  NO_COLLECTOR,
  async () => {
    await using node = await startNode();
    await using client = await connect(node);
    await grows(REQUESTS / 10, async () => {
      const response = await client.fetch("https://localhost/endless");
      await response.body?.cancel();
    }, 10);
  },
);

Deno.test(`${GARBAGE_STREAMS} streams of garbage do not end the node`, async () => {
  await using node = await startNode();
  await batches(GARBAGE_STREAMS, AT_ONCE, () => garbage(node));
  await using client = await connect(node);
  strictEqual((await client.fetch("https://localhost/")).status, 200);
});

async function session(client: H3Client): Promise<void> {
  const opened = await client.webTransport("https://localhost/");
  const stream = await opened.openStream();
  await stream.write(new Uint8Array(100));
  await stream.closeWrite();
  strictEqual((await new Response(stream.readable).bytes()).length, 100);
  opened.close(1, "done");
  await opened.closed;
}

/** A connection with random bytes on streams of both kinds, plausible at their beginning or not. */
async function garbage(node: Endpoint): Promise<void> {
  await using conn = await dial(target(node), { alpn: "h3", transports: ["quic"] });
  const begins = [[], [0], [0, 4, 0], [1], [2], [3], [0x40, 0x54, 0], [0x40, 0x41, 0], [1, 9]];
  for (let n = 0; n < 4; n++) {
    const begin = begins[Math.floor(Math.random() * begins.length)] ?? [];
    const bytes = new Uint8Array([...begin, ...crypto.getRandomValues(new Uint8Array(60))]);
    try {
      const stream = n % 2 === 0 ? await conn.openStream() : await conn.uni?.open();
      await stream?.write(bytes);
      await stream?.closeWrite();
    } catch {
      return; // the node has closed the connection, as it should
    }
  }
}

/** Does something so often, and compares the heap between the halves. */
async function grows(count: number, task: () => Promise<void>, atOnce = AT_ONCE): Promise<void> {
  await batches(count / 2, atOnce, task);
  const before = await heldBytes();
  await batches(count / 2, atOnce, task);
  const growth = await heldBytes() - before;
  const each = growth / (count / 2);
  ok(each < MAX_GROWTH_BYTES, `${Math.round(each)} bytes each`);
}

async function batches(count: number, atOnce: number, task: () => Promise<void>): Promise<void> {
  for (let done = 0; done < count; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, task));
  }
}

function startNode(): Promise<Endpoint> {
  const limits = { maxAbortedRequests: 1e9, idleTimeoutMs: 600_000 };
  return serve({
    hostname: "127.0.0.1",
    handlers: [{
      name: "web",
      alpn: ["h3"],
      accept: (conn, { signal }) => serveH3(conn, answer, { signal, limits }),
    }],
  });
}

function answer(request: Request, info: H3Info): Response {
  if (info.protocol) return upgrade(info);
  if (!request.url.endsWith("/endless")) return new Response(request.body);
  return new Response(
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) }),
  );
}

function upgrade(info: H3Info): Response {
  const { response, session } = info.upgradeWebTransport();
  (async () => {
    for await (const stream of session.streams) {
      stream.readable.pipeTo(stream.writable).catch(() => {}); // the session is over
    }
  })();
  return response;
}

async function connect(node: Endpoint): Promise<H3Client> {
  return connectH3(await dial(target(node), { alpn: "h3", transports: ["quic"] }));
}

function target(node: Endpoint): string {
  return `${node.nodeId}@127.0.0.1:${node.addr.port}`;
}
