/**
 * HTTP/3 as RFC 9114, 9204, 9218, 9220 and 9297 demand it of servers: the list of cases of h3spec
 * (github.com/kazu-yamamoto/h3spec) as far as they are above QUIC, and what those RFCs say beyond
 * it, by a client of raw bytes.
 *
 * Errors of one request are answered with a status where h3spec waits for RESET_STREAM with a code:
 * RFC 9114 section 4.1.2 allows it, and Deno's QUIC has no other way.
 */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { type Endpoint, serve } from "@alknet/core";
import { serveH3 } from "@alknet/h3";

import { CONNECTION_ERRORS } from "./h3/connection_errors.ts";
import { MALFORMED } from "./h3/malformed_requests.ts";
import { frame, GOOD_SECTION, headers, RawClient } from "./h3/raw_client.ts";
import { FrameType, statusOf } from "./h3/raw_frames.ts";

const GOOD = frame(FrameType.Headers, GOOD_SECTION);

for (const { name, code, run } of CONNECTION_ERRORS) {
  Deno.test(`the connection ends with 0x${code.toString(16)} for ${name}`, async () => {
    await using served = await startNode();
    await using client = await served.client();
    await run(client);
    strictEqual(`0x${(await client.closeCode()).toString(16)}`, `0x${code.toString(16)}`);
    strictEqual(served.handled.length, 0);
    await using other = await served.client();
    strictEqual(statusOf(await other.answer(GOOD)), "200"); // the node serves on
  });
}

for (const { name, bytes, status } of MALFORMED) {
  Deno.test(`a request is answered ${status} for ${name}`, async () => {
    await using served = await startNode();
    await using client = await served.client();
    await client.control();
    strictEqual(statusOf(await client.answer(bytes)), status);
    deepStrictEqual(served.handled, []);
    strictEqual(statusOf(await client.answer(GOOD)), "200"); // on the same connection
  });
}

Deno.test("what is reserved or unknown is ignored everywhere (9114 9)", async () => {
  await using served = await startNode();
  await using client = await served.client();
  await client.uni(0x21, 1, 2, 3);
  await client.uni(
    0x00,
    ...frame(FrameType.Settings, [0x21, 0x07, 0x40, 0x5f, 0x01]),
    ...frame(0x21, [9]),
  );
  const bytes = [...frame(0x40, [1, 2, 3]), ...GOOD, ...frame(0x21)];
  strictEqual(statusOf(await client.answer(bytes)), "200");
  strictEqual(client.conn.signal.aborted, false);
});

Deno.test("fields are read byte by byte as well as at once", async () => {
  await using served = await startNode();
  await using client = await served.client();
  const stream = await client.request(GOOD.slice(0, 1), { end: false });
  for (const byte of GOOD.slice(1)) await stream.write(new Uint8Array([byte]));
  await stream.closeWrite();
  match(await new Response(stream.readable).text(), /GET \//);
});

Deno.test("MAX_PUSH_ID, GOAWAY and priorities of a client are accepted", async () => {
  await using served = await startNode();
  await using client = await served.client();
  await client.control(
    ...frame(FrameType.MaxPushId, [5]),
    ...frame(FrameType.Goaway, [0]),
    ...frame(0xf0700, [0, ...new TextEncoder().encode("u=1, i")]),
  );
  strictEqual(statusOf(await client.answer(GOOD)), "200");
});

Deno.test("a request may come without a control stream, and TE: trailers is fine", async () => {
  await using served = await startNode();
  await using client = await served.client();
  const bytes = headers(
    [":method", "OPTIONS"],
    [":scheme", "https"],
    [":authority", "localhost"],
    [":path", "*"],
    ["te", "trailers"],
  );
  strictEqual(statusOf(await client.answer(bytes)), "200");
  deepStrictEqual(served.handled, ["OPTIONS /"]);
});

interface Served extends AsyncDisposable {
  readonly node: Endpoint;
  /** What reached the handler with its body complete. */
  readonly handled: string[];
  client(): Promise<RawClient>;
}

async function startNode(): Promise<Served> {
  const handled: string[] = [];
  const node = await serve({
    hostname: "127.0.0.1",
    limits: { drainTimeoutMs: 50 },
    handlers: [{
      name: "web",
      alpn: ["h3"],
      accept: (conn, { signal }) =>
        serveH3(conn, async (request) => {
          await request.bytes();
          const { pathname } = new URL(request.url);
          handled.push(`${request.method} ${pathname}`);
          return new Response(`${request.method} ${pathname}\n`);
        }, { signal }),
    }],
  });
  return {
    node,
    handled,
    client: () => RawClient.dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`),
    [Symbol.asyncDispose]: () => node.close(),
  };
}
