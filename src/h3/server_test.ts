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

Deno.test("HEAD, 204 and 304 have no body", async () => {
  await using server = await startServer((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response("four", { headers: { "content-length": "4" } });
    return new Response(null, { status: Number(pathname.slice(1)) });
  });
  await using client = await server.client();
  const head = await client.fetch("https://localhost/", { method: "HEAD" });
  deepStrictEqual([head.status, head.body, head.headers.get("content-length")], [200, null, "4"]);
  for (const status of [204, 304]) {
    const response = await client.fetch(`https://localhost/${status}`);
    deepStrictEqual([response.status, response.body], [status, null]);
    strictEqual(response.headers.get("content-length"), null);
  }
});

Deno.test("fields of a connection are not sent, cookies each by itself", async () => {
  await using server = await startServer(() => {
    const headers = new Headers({ connection: "close", "keep-alive": "x", "x-a": "b" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response("", { headers });
  });
  await using client = await server.client();
  const { headers } = await client.fetch("https://localhost/");
  deepStrictEqual(["connection", "keep-alive", "x-a"].map((n) => headers.get(n)), [
    null,
    null,
    "b",
  ]);
  deepStrictEqual(headers.getSetCookie(), ["a=1", "b=2"]);
});

Deno.test("trailers go both ways, and early hints go first", async () => {
  await using server = await startServer(async (request, info) => {
    await info.sendInformational(103, { link: "</style.css>" });
    const text = await request.text();
    info.responseTrailers = () => ({ "x-sum": `${text.length}` });
    return new Response(new Blob([text]).stream());
  });
  await using client = await server.client();
  const seen: unknown[] = [];
  const trailers = Promise.withResolvers<Headers>();
  const response = await client.fetch("https://localhost/", {
    method: "POST",
    body: "hello",
    onInformational: (status, headers) => seen.push(status, headers.get("link")),
    onTrailers: trailers.resolve,
  });
  deepStrictEqual(seen, [103, "</style.css>"]);
  strictEqual(await response.text(), "hello");
  strictEqual((await trailers.promise).get("x-sum"), "5");
});

Deno.test("101 and final statuses cannot be sent as informational", async () => {
  await using server = await startServer(async (_request, info) => {
    for (const status of [101, 99, 200, 100.5]) {
      await rejects(info.sendInformational(status), RangeError);
    }
    return new Response("ok");
  });
  await using client = await server.client();
  strictEqual(await (await client.fetch("https://localhost/")).text(), "ok");
});

Deno.test("a response waits for a client that does not read", async () => {
  let pulled = 0;
  await using server = await startServer(() =>
    new Response(
      new ReadableStream({
        pull(controller): void {
          pulled++;
          controller.enqueue(new Uint8Array(65_536));
          if (pulled === 1_000) controller.close();
        },
      }),
    )
  );
  await using client = await server.client();
  const response = await client.fetch("https://localhost/");
  await pause(300);
  ok(pulled < 500, `${pulled} of 1,000 pieces were asked for without anybody reading`);
  strictEqual((await response.bytes()).length, 65_536_000);
});

Deno.test("a request's body is read as fast as the handler takes it", async () => {
  const go = Promise.withResolvers<void>();
  await using server = await startServer(async (request) => {
    await go.promise;
    return new Response(`${(await request.bytes()).length}`);
  });
  await using client = await server.client();
  let sent = 0;
  const body = new ReadableStream({
    pull(controller): void {
      controller.enqueue(new Uint8Array(65_536));
      if (++sent === 300) controller.close();
    },
  });
  const init = { method: "POST", body, duplex: "half" };
  const response = client.fetch("https://localhost/", init);
  await pause(300);
  ok(sent < 200, `${sent} of 300 pieces went out without anybody reading`);
  go.resolve();
  strictEqual(await (await response).text(), `${300 * 65_536}`);
});

Deno.test("pieces of a response arrive as they are made", async () => {
  const { readable, writable } = new TransformStream<Uint8Array>();
  await using server = await startServer(() => new Response(readable));
  await using client = await server.client();
  const response = await client.fetch("https://localhost/");
  const reader = response.body?.getReader();
  const writer = writable.getWriter();
  for (let round = 0; round < 5; round++) {
    await writer.write(new Uint8Array([round])); // the next goes out only when this one has arrived
    deepStrictEqual((await reader?.read())?.value, new Uint8Array([round]));
  }
  await writer.close();
  strictEqual((await reader?.read())?.done, true);
});

Deno.test("both directions flow at once: what is sent comes back before all is sent", async () => {
  await using server = await startServer((request) => new Response(request.body));
  await using client = await server.client();
  const { readable, writable } = new TransformStream<Uint8Array>();
  const init = { method: "POST", body: readable, duplex: "half" };
  const writer = writable.getWriter();
  const first = writer.write(new Uint8Array([1]));
  const response = await client.fetch("https://localhost/", init);
  const reader = response.body?.getReader();
  await first;
  deepStrictEqual((await reader?.read())?.value, new Uint8Array([1]));
  await writer.write(new Uint8Array([2]));
  deepStrictEqual((await reader?.read())?.value, new Uint8Array([2]));
  await writer.close();
  strictEqual((await reader?.read())?.done, true);
});

Deno.test("a handler that reads half a body and answers is heard", async () => {
  await using server = await startServer(async (request) => {
    const reader = request.body?.getReader();
    await reader?.read();
    return new Response("enough", { status: 413 });
  });
  await using client = await server.client();
  const response = await client.fetch("https://localhost/", { method: "POST", body: BIG });
  deepStrictEqual([response.status, await response.text()], [413, "enough"]);
  strictEqual(
    (await client.fetch("https://localhost/", { method: "POST", body: "x" })).status,
    413,
  );
});

Deno.test("a body with the wrong length fails the handler that reads it, and is answered 400", async () => {
  await using server = await startServer(async (request) => new Response(await request.text()));
  await using client = await server.client();
  const init = { method: "POST", body: "hello", headers: { "content-length": "9" } };
  strictEqual((await client.fetch("https://localhost/", init)).status, 400);
});

// A reverse proxy's upstream fails with the same classes as a client that leaves.

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
