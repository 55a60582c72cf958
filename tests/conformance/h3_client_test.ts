/** HTTP/3 as RFC 9114 and 9204 demand it of clients: ours, against a server of raw bytes. */
import { match, rejects, strictEqual } from "node:assert/strict";

import { dial } from "@alknet/client";
import { type Connection, type Endpoint, serve } from "@alknet/core";
import { connectH3, type H3Client, H3StreamError } from "@alknet/h3";

import { frame, headers, section } from "./h3/raw_client.ts";
import { FrameType } from "./h3/raw_frames.ts";

const URL = "https://localhost/";
const OK = headers([":status", "200"]);
const DATA = frame(FrameType.Data, [104, 105]);

/** Responses that are malformed: the request fails, the connection lives. */
const MALFORMED: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ["no :status (9114 4.3.2)", headers(["x-a", "b"])],
  ["a status that is no number", headers([":status", "2xx"])],
  ["status 101 (9114 4.5)", headers([":status", "101"])],
  ["two statuses", headers([":status", "200"], [":status", "200"])],
  ["a pseudo-header field of requests", headers([":status", "200"], [":path", "/"])],
  ["a :status behind a field", headers(["x-a", "b"], [":status", "200"])],
  ["a field name in capitals", headers([":status", "200"], ["X-A", "b"])],
  ["a Transfer-Encoding", headers([":status", "200"], ["transfer-encoding", "chunked"])],
  ["an informational head and no final one (9114 4.1)", headers([":status", "103"])],
  ["no head at all", []],
  ["less content than announced", [
    ...headers([":status", "200"], ["content-length", "3"]),
    ...DATA,
  ]],
  ["more content than announced", [
    ...headers([":status", "200"], ["content-length", "1"]),
    ...DATA,
  ]],
  ["trailers with a status", [...OK, ...DATA, ...headers([":status", "200"])]],
];

/** What ends the connection, with the code. */
const FATAL: readonly (readonly [name: string, code: number, bytes: readonly number[]])[] = [
  ["DATA before HEADERS (9114 4.1)", 0x105, DATA],
  ["a frame of control on a response", 0x105, frame(FrameType.Goaway, [0])],
  ["a push that was not allowed (9114 7.2.5)", 0x108, frame(0x05, [0, ...section([])])],
  ["a response that ends within a frame (9114 7.1)", 0x106, [...OK, 0x00, 0x05, 1]],
  ["heads of 1xx without end", 0x107, Array(2_000).fill(headers([":status", "103"])).flat()],
  ["a missing static entry (9204 3.1)", 0x200, frame(FrameType.Headers, [0, 0, 0xff, 0x24])],
];

/** What ends it when the server's one-way stream begins so. */
const FATAL_UNI: readonly (readonly [name: string, code: number, bytes: readonly number[]])[] = [
  ["a push stream (9114 4.6)", 0x108, [0x01, 0x00]],
  ["no SETTINGS first (9114 6.2.1)", 0x10a, [0x00, ...frame(FrameType.Goaway, [0])]],
  ["MAX_PUSH_ID of a server (9114 7.2.7)", 0x105, control(frame(FrameType.MaxPushId, [1]))],
  ["PRIORITY_UPDATE of a server (9218 7.2)", 0x105, control(frame(0xf0700, [0]))],
  ["GOAWAY with an ID of no request (9114 5.2)", 0x108, control(frame(FrameType.Goaway, [1]))],
  ["Insert Count Increment 0 (9204 4.4.3)", 0x202, [0x03, 0x00]],
];

for (const [name, bytes] of MALFORMED) {
  Deno.test(`a client refuses ${name}, and goes on`, async () => {
    await using site = await startServer(bytes);
    await rejects(async () => await (await site.client.fetch(URL)).text(), H3StreamError);
    site.reply([...OK, ...DATA]);
    strictEqual(await (await site.client.fetch(URL)).text(), "hi");
  });
}

for (const [name, code, bytes] of FATAL) {
  Deno.test(`a client ends the connection with 0x${code.toString(16)} for ${name}`, async () => {
    await using site = await startServer(bytes);
    await rejects(async () => await (await site.client.fetch(URL)).text());
    strictEqual((await site.server.closed).code, code);
  });
}

for (const [name, code, bytes] of FATAL_UNI) {
  Deno.test(`a client ends the connection with 0x${code.toString(16)} for ${name}`, async () => {
    await using site = await startServer([]);
    const stream = await site.server.uni?.open();
    await stream?.write(new Uint8Array(bytes));
    strictEqual((await site.server.closed).code, code);
  });
}

Deno.test("a client ends the connection for a request stream of the server's (9114 6.1)", async () => {
  await using site = await startServer([]);
  const stream = await site.server.openStream();
  await stream.write(new Uint8Array(OK));
  strictEqual((await site.server.closed).code, 0x103);
});

Deno.test("a client ignores what it does not know, and reads heads of 1xx", async () => {
  const hints = headers([":status", "103"], ["link", "</a>"]);
  await using site = await startServer([
    ...frame(0x21, [1]),
    ...hints,
    ...hints,
    ...OK,
    ...frame(0x40, [1, 2]),
    ...DATA,
  ]);
  const seen: number[] = [];
  const response = await site.client.fetch(URL, { onInformational: (status) => seen.push(status) });
  match(await response.text(), /^hi$/);
  strictEqual(seen.join(), "103,103");
});

function control(bytes: readonly number[]): number[] {
  return [0x00, ...frame(FrameType.Settings), ...bytes];
}

interface Site extends AsyncDisposable {
  readonly client: H3Client;
  /** The server's end of the connection. */
  readonly server: Connection;
  /** What requests are answered with from here on. */
  reply(bytes: readonly number[]): void;
}

async function startServer(reply: readonly number[]): Promise<Site> {
  let bytes = reply;
  const arrived = Promise.withResolvers<Connection>();
  const node: Endpoint = await serve({
    hostname: "127.0.0.1",
    limits: { drainTimeoutMs: 50 },
    handlers: [{
      name: "raw",
      alpn: ["h3"],
      accept: async (conn) => {
        arrived.resolve(conn);
        for await (const stream of conn.streams) {
          await stream.write(new Uint8Array(bytes)).catch(() => {}); // the client has gone
          await stream.closeWrite().catch(() => {});
        }
      },
    }],
  });
  const client = connectH3(
    await dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, { alpn: "h3", transports: ["quic"] }),
  );
  return {
    client,
    server: await arrived.promise,
    reply: (next) => bytes = next,
    async [Symbol.asyncDispose](): Promise<void> {
      await client[Symbol.asyncDispose]();
      await node.close();
    },
  };
}
