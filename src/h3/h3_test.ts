import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";

import { H3StreamError } from "./errors.ts";
import { startServer } from "./testdata/pair.ts";

const BIG = new Uint8Array(5 * 1024 * 1024 + 3).map((_, index) => index * 7 + (index >> 8));

Deno.test("serveH3() answers a GET with body, headers and length", async () => {
  await using server = await startServer((request) =>
    new Response(`you asked for ${request.url}\n`, { headers: { "x-one": "two" } })
  );
  await using client = await server.client();
  const response = await client.fetch("https://localhost/a?b=c");
  strictEqual(response.status, 200);
  strictEqual(response.headers.get("x-one"), "two");
  strictEqual(response.headers.get("content-length"), "38");
  match(response.headers.get("date") ?? "", /GMT$/);
  strictEqual(await response.text(), "you asked for https://localhost/a?b=c\n");
});

Deno.test("serveH3() echoes 5 MB", async () => {
  await using server = await startServer((request) => new Response(request.body));
  await using client = await server.client();
  const response = await client.fetch("https://localhost/", { method: "POST", body: BIG });
  const back = await response.bytes();
  strictEqual(back.length, BIG.length);
  ok(back.every((byte, index) => byte === BIG[index]));
});

Deno.test("serveH3() answers 300 requests at once", async () => {
  await using server = await startServer(async (request) => new Response(await request.text()));
  await using client = await server.client();
  const texts = await Promise.all(Array.from({ length: 300 }, async (_, index) => {
    const init = { method: "POST", body: `request ${index}` };
    return await (await client.fetch("https://localhost/", init)).text();
  }));
  deepStrictEqual(texts, Array.from({ length: 300 }, (_, index) => `request ${index}`));
});

Deno.test("a failing handler is answered 500 and says nothing of why", async () => {
  await using server = await startServer(() => {
    throw new TypeError("the password is swordfish");
  });
  await using client = await server.client();
  const response = await client.fetch("https://localhost/");
  strictEqual(response.status, 500);
  strictEqual(await response.text(), "Internal server error\n");
  strictEqual(server.errors.length, 1);
});

Deno.test("a body that breaks off is not taken for complete", async () => {
  await using server = await startServer(() =>
    new Response(
      new ReadableStream({
        pull(controller): void {
          controller.enqueue(new Uint8Array(1000));
          controller.error(new TypeError("disk is gone"));
        },
      }),
    )
  );
  await using client = await server.client();
  const response = await client.fetch("https://localhost/");
  await rejects(response.text(), H3StreamError);
});

Deno.test("WebTransport carries streams both ways, one-way streams and datagrams", async () => {
  await using server = await startServer((_request, info) => {
    const { response, session } = info.upgradeWebTransport();
    (async () => {
      for await (const stream of session.streams) stream.readable.pipeTo(stream.writable);
    })();
    return response;
  });
  await using client = await server.client();
  const session = await client.webTransport("https://localhost/wt");
  const stream = await session.openStream();
  await stream.write(new TextEncoder().encode("hello"));
  await stream.closeWrite();
  strictEqual(await new Response(stream.readable).text(), "hello");
  session.close(7, "enough");
  await session.closed;
});
