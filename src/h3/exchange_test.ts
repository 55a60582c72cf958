import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { ConnectionClosedError, StreamClosedError } from "@alknet/core";

import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError, H3GoingAwayError, H3StreamError } from "./errors.ts";
import type { H3Info } from "./info.ts";
import { encodeFrame, FrameType } from "./frame_type.ts";
import { QpackEncoder } from "./qpack/encoder.ts";
import { startServer } from "./testdata/pair.ts";

const BIG = new Uint8Array(5 * 1024 * 1024 + 3).map((_, index) => index * 7 + (index >> 8));

Deno.test("a client that gives up aborts the signal of a handler that waits", async () => {
  const aborted = Promise.withResolvers<void>();
  await using server = await startServer((request) => {
    request.signal.addEventListener("abort", () => aborted.resolve());
    return new Promise(() => {});
  }, { limits: { probeIntervalMs: 20 } });
  await using client = await server.client();
  const controller = new AbortController();
  const response = client.fetch("https://localhost/", { signal: controller.signal });
  setTimeout(() => controller.abort(new TypeError("changed my mind")), 50);
  await rejects(response, /changed my mind/);
  await aborted.promise;
});

Deno.test("a client that gives up ends the body that was being made for it", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using server = await startServer(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
        cancel: () => cancelled.resolve(),
      }),
    )
  );
  await using client = await server.client();
  const response = await client.fetch("https://localhost/");
  await response.body?.cancel();
  await cancelled.promise;
});

Deno.test("at shutdown a request under way is finished, and none is taken after it", async () => {
  const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stop = new AbortController();
  await using server = await startServer(async () => {
    begun.resolve();
    await go.promise;
    return new Response("finished");
  }, { signal: stop.signal });
  await using client = await server.client();
  const response = client.fetch("https://localhost/");
  await begun.promise;
  stop.abort();
  await client.goingAway;
  await rejects(client.fetch("https://localhost/"), H3GoingAwayError);
  go.resolve();
  strictEqual(await (await response).text(), "finished");
  deepStrictEqual({ ...await client.conn.closed }, { code: H3ErrorCode.NoError, reason: "" });
});

Deno.test("a response in large pieces stays whole while the server looks for its client", async () => {
  await using server = await startServer(() =>
    new Response(
      new ReadableStream({
        start(controller): void {
          for (let piece = 0; piece < 20; piece++) controller.enqueue(BIG.subarray(0, 1_000_000));
          controller.close();
        },
      }),
    ), { limits: { probeIntervalMs: 1 } });
  await using client = await server.client();
  const response = await client.fetch("https://localhost/");
  await pause(50); // it cannot send all, and probes
  strictEqual((await response.bytes()).length, 20_000_000);
});

Deno.test("a response that comes late comes, probes before it or not", async () => {
  await using server = await startServer(async () => {
    await pause(100);
    return new Response("late");
  }, { limits: { probeIntervalMs: 5 } });
  await using client = await server.client();
  strictEqual(await (await client.fetch("https://localhost/")).text(), "late");
});

Deno.test("a handler whose own streams fail answers 500, and its client hears of it", async () => {
  const failures = [
    new StreamClosedError("upstream"),
    new ConnectionClosedError({ code: 0, reason: "upstream" }),
    new H3StreamError(H3ErrorCode.RequestCancelled, "upstream"),
    new H3StreamError(H3ErrorCode.MessageError, "upstream"),
    new H3ConnectionError(H3ErrorCode.FrameError, "upstream"),
  ];
  await using server = await startServer((request) => {
    throw failures[Number(new URL(request.url).pathname.slice(1))];
  });
  await using client = await server.client();
  for (const index of failures.keys()) {
    strictEqual((await client.fetch(`https://localhost/${index}`)).status, 500);
  }
  deepStrictEqual(server.errors, failures);
});

Deno.test("an extended CONNECT for any protocol becomes a stream", async () => {
  await using server = await startServer((request, info) => {
    if (info.protocol !== "shout") return new Response(null, { status: 404 });
    const { response, stream } = info.upgradeStream({ headers: { "x-method": request.method } });
    stream.then(async (tunnel) => await tunnel.readable.pipeTo(tunnel.writable));
    return response;
  });
  await using conn = await server.dial();
  const stream = await conn.openStream();
  await stream.write(connectHead("shout"));
  await stream.write(encodeFrame(FrameType.Data, new TextEncoder().encode("hello")));
  await stream.closeWrite();
  const answer = await new Response(stream.readable).bytes();
  deepStrictEqual(
    answer.subarray(-7),
    encodeFrame(FrameType.Data, new TextEncoder().encode("hello")),
  );
  const refused = await conn.openStream();
  await refused.write(connectHead("whisper"));
  const head = new Uint8Array(4);
  await refused.read(head);
  strictEqual(head[0], FrameType.Headers);
});

Deno.test("a request's priority is its header's, and changes with PRIORITY_UPDATE", async () => {
  const seen = Promise.withResolvers<H3Info>();
  const go = Promise.withResolvers<void>();
  await using server = await startServer(async (_request, info) => {
    seen.resolve(info);
    await go.promise;
    return new Response("ok");
  });
  await using client = await server.client();
  const init = { headers: { priority: "u=1, i" } };
  const response = client.fetch("https://localhost/", init);
  const info = await seen.promise;
  deepStrictEqual(info.priority, { urgency: 1, incremental: true });
  client.prioritize(info.streamId, "u=6");
  while (info.priority.urgency !== 6) await pause(5);
  go.resolve();
  strictEqual((await response).status, 200);
});

Deno.test("an urgent response overtakes the others", async () => {
  await using server = await startServer(() => new Response(BIG));
  await using client = await server.client();
  const order: string[] = [];
  const get = async (priority: string): Promise<void> => {
    const response = await client.fetch("https://localhost/", { headers: { priority } });
    await response.bytes();
    order.push(priority);
  };
  await Promise.all([get("u=7"), get("u=7"), get("u=7"), get("u=0")]);
  strictEqual(order[0], "u=0");
});

Deno.test("a handler that says 200 to a CONNECT it does not know accepts nothing", async () => {
  await using server = await startServer(() => new Response("hello"));
  await using client = await server.client();
  await rejects(client.webTransport("https://localhost/"), /answered with 501/);
});

Deno.test("a client that failed in every way still leaves when the server wants it to", async () => {
  const stop = new AbortController();
  await using server = await startServer(
    (request) =>
      request.url.endsWith("/broken")
        ? new Response("four", { headers: { "content-length": "9" } })
        : new Response(null, { status: 404 }),
    { signal: stop.signal },
  );
  await using client = await server.client();
  await rejects(async () => await (await client.fetch("https://localhost/broken")).text());
  await rejects(client.webTransport("https://localhost/"), /404/);
  await rejects(client.fetch("https://localhost/", { signal: AbortSignal.abort() }));
  stop.abort();
  strictEqual((await client.conn.closed).code, H3ErrorCode.NoError);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function connectHead(protocol: string): Uint8Array<ArrayBuffer> {
  const section = new QpackEncoder().encode(0, [
    [":method", "CONNECT"],
    [":protocol", protocol],
    [":scheme", "https"],
    [":authority", "localhost"],
    [":path", "/"],
  ]);
  return encodeFrame(FrameType.Headers, section);
}
