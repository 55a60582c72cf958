/** The client against Deno's own server, and against servers that break the rules. */
import { socketStream } from "@alknet/core/transport";
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { ChunkedDecoder } from "./chunked.ts";
import { H1Error } from "./errors.ts";
import { H1Client } from "./h1_client.ts";
import type { H1Response } from "./h1_connection.ts";
import { chunk } from "./request_bytes.ts";
import { parseResponseHead } from "./response_head.ts";

const text = new TextEncoder();
const { signal } = new AbortController();

/** A client of a port on loopback that counts its connections. */
function clientOf(port: number): { client: H1Client; connections: () => number } & Disposable {
  let connections = 0;
  const client = new H1Client({
    connect: async () => {
      connections++;
      return socketStream(await Deno.connect({ hostname: "127.0.0.1", port }));
    },
  });
  return {
    client,
    connections: () => connections,
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

function get(client: H1Client, target = "/", init: { method?: string } = {}): Promise<H1Response> {
  const { method = "GET" } = init;
  return client.request({ method, target, headers: new Headers({ host: "node.example" }) }, signal);
}

async function textOf({ body }: H1Response): Promise<string> {
  return body ? await new Response(body).text() : "";
}

function serve(handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
}

Deno.test("requests with and without bodies go over one connection, one after the other", async () => {
  await using server = serve(async (request) => {
    const size = (await request.bytes()).length;
    return new Response(`${request.method} ${new URL(request.url).pathname} ${size}`);
  });
  using fixture = clientOf(server.addr.port);
  strictEqual(await textOf(await get(fixture.client, "/a")), "GET /a 0");
  for (const length of [undefined, "70000"]) {
    const response = await fixture.client.request({
      method: "POST",
      target: "/b",
      headers: new Headers({ host: "x", ...(length ? { "content-length": length } : {}) }),
      body: new Blob(["x".repeat(70_000)]).stream(),
    }, signal);
    strictEqual(await textOf(response), "POST /b 70000");
  }
  const head = await get(fixture.client, "/c", { method: "HEAD" });
  strictEqual(head.body, undefined);
  strictEqual(await textOf(await get(fixture.client, "/d")), "GET /d 0");
  strictEqual(fixture.connections(), 1);
});

Deno.test("a streamed body comes as it is sent, and what nobody reads any more ends the connection", async () => {
  const left = Promise.withResolvers<void>();
  await using server = serve(() => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(text.encode("first")),
      cancel: () => left.resolve(),
    });
    return new Response(body);
  });
  using fixture = clientOf(server.addr.port);
  const reader = (await get(fixture.client)).body?.getReader();
  strictEqual(new TextDecoder().decode((await reader?.read())?.value), "first");
  await reader?.cancel();
  await left.promise;
});

Deno.test("an abort ends a request that waits for its answer", async () => {
  const release = Promise.withResolvers<void>();
  await using server = serve(async () => {
    await release.promise;
    return new Response("late");
  });
  using fixture = clientOf(server.addr.port);
  const stop = new AbortController();
  const headers = new Headers({ host: "x" });
  const asked = fixture.client.request({ method: "GET", target: "/", headers }, stop.signal);
  stop.abort();
  await rejects(asked, { name: "AbortError" });
  release.resolve();
});

/** A server of raw bytes: each connection gets the next answer, then ends. */
async function rawServer(
  answers: readonly string[],
  use: (port: number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for (const answer of answers) {
      using conn = await listener.accept();
      await conn.read(new Uint8Array(4_096));
      await conn.write(text.encode(answer));
      await conn.closeWrite();
      while (await conn.read(new Uint8Array(4_096)).catch(() => null) !== null);
    }
  })();
  await use(listener.addr.port);
  await serving;
  listener.close();
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A server whose connections answer once, and end with the second request, or before it. */
function fickleServer(endsWith: "request" | "answer") {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let left = Promise.withResolvers<void>();
  const serving = (async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(4_096);
      await conn.read(buffer);
      await conn.write(text.encode(OK));
      if (endsWith === "request") await conn.read(buffer);
      else await conn.closeWrite();
      while (endsWith === "answer" && await conn.read(buffer).catch(() => null) !== null);
      conn.close();
      left.resolve();
      left = Promise.withResolvers<void>();
    }
  })();
  return {
    port: listener.addr.port,
    /** Resolves when the next connection is over on both sides. */
    left: () => left.promise,
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      await serving;
    },
  };
}

Deno.test("a kept connection that ends with a request is replaced, unless that could do harm", async () => {
  await using server = fickleServer("request");
  using fixture = clientOf(server.port);
  strictEqual(await textOf(await get(fixture.client)), "ok");
  strictEqual(await textOf(await get(fixture.client)), "ok");
  strictEqual(fixture.connections(), 2);
  await rejects(get(fixture.client, "/", { method: "POST" }));
  strictEqual(fixture.connections(), 2);
  strictEqual(await textOf(await get(fixture.client)), "ok");
});

Deno.test("a kept connection that the server ends is kept no more, so that a POST meets none", async () => {
  // Many servers end idle connections after five seconds, and nobody looked: each POST after that
  // was a 502, as it could not be sent twice.
  await using server = fickleServer("answer");
  using fixture = clientOf(server.port);
  for (let round = 1; round <= 3; round++) {
    const left = server.left();
    strictEqual(await textOf(await get(fixture.client, "/", { method: "POST" })), "ok");
    await left;
    strictEqual(fixture.connections(), round);
  }
});

Deno.test("what a server sends unasked is the answer to nothing", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using fixture = clientOf(listener.addr.port);
  for (let round = 1; round <= 2; round++) {
    const asked = get(fixture.client);
    using conn = await listener.accept();
    const buffer = new Uint8Array(4_096);
    await conn.read(buffer);
    await conn.write(text.encode(OK));
    strictEqual(await textOf(await asked), "ok");
    await conn.write(text.encode(OK.replace("ok", "no")));
    strictEqual(await conn.read(buffer).catch(() => null), null); // the client has left
    strictEqual(fixture.connections(), round);
  }
  listener.close();
});

Deno.test("answers that could be read two ways, or are none, are refused", async () => {
  const bad = [
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\r\n folded\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx : a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\nb: c\r\n\r\n",
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(40),
    "hello\r\n\r\n",
    "HTTP/1.1 200",
    "",
  ];
  await rawServer(bad, async (port) => {
    for (const answer of bad) {
      using fixture = clientOf(port);
      await rejects(get(fixture.client), H1Error, answer);
    }
  });
});

Deno.test("an answer that ends early is no whole answer", async () => {
  const cut = [
    "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
  ];
  await rawServer(cut, async (port) => {
    for (const answer of cut) {
      using fixture = clientOf(port);
      const response = await get(fixture.client);
      await rejects(textOf(response), H1Error, answer);
    }
  });
});

Deno.test("an answer without a length lasts until the connection ends; interim ones are passed over", async () => {
  const whole = [
    "HTTP/1.0 200 OK\r\n\r\nto the end",
    "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nconnection: close\r\n\r\nto the end",
  ];
  await rawServer(whole, async (port) => {
    using fixture = clientOf(port);
    for (const _ of whole) strictEqual(await textOf(await get(fixture.client)), "to the end");
  });
});

Deno.test("chunks in pieces of any size are put together, and what follows is left alone", () => {
  const piece = fc.uint8Array({ minLength: 1, maxLength: 50 });
  fc.assert(fc.property(fc.array(piece), fc.integer({ min: 1, max: 20 }), (pieces, step) => {
    const body = [...pieces, new Uint8Array()].flatMap((each) => [...chunk(each)]);
    const bytes = new Uint8Array([...body, 7, 7]);
    const decoder = new ChunkedDecoder();
    const found: number[] = [];
    let used = 0;
    while (!decoder.over) {
      const taken = decoder.push(bytes.subarray(used, used + step));
      found.push(...taken.data.flatMap((each) => [...each]));
      used += taken.used;
    }
    deepStrictEqual(found, pieces.flatMap((each) => [...each]));
    strictEqual(used, body.length);
  }));
});

Deno.test("garbage makes the parsers throw their own error alone", () => {
  const start = fc.constantFrom(
    "",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 OK\r\na: b\r\n\r\n",
    "5\r\n",
  );
  fc.assert(fc.property(start, fc.uint8Array({ maxLength: 200 }), (begin, rest) => {
    const bytes = new Uint8Array([...text.encode(begin), ...rest]);
    for (const parse of [parseResponseHead, (all: Uint8Array) => new ChunkedDecoder().push(all)]) {
      try {
        parse(bytes);
      } catch (error) {
        ok(error instanceof H1Error, String(error));
      }
    }
  }));
});

/** Answers the head of each request at once, and keeps what it gets. */
async function hastyServer(
  use: (client: H1Client, received: () => string) => Promise<void>,
): Promise<void> {
  const answer = text.encode("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let received = "";
  const talk = async (conn: Deno.Conn): Promise<void> => {
    using _ = conn;
    const buffer = new Uint8Array(4_096);
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      const piece = String.fromCharCode(...buffer.subarray(0, n));
      received += piece;
      if (piece.includes(" HTTP/1.1\r\n")) await conn.write(answer);
    }
  };
  const serving = (async () => {
    const all: Promise<void>[] = [];
    for await (const conn of listener) all.push(talk(conn).catch(() => {}));
    await Promise.all(all);
  })();
  {
    using fixture = clientOf(listener.addr.port);
    await use(fixture.client, () => received);
  }
  listener.close();
  await serving;
}

Deno.test("a length without a body is not passed on", async () => {
  // A GET with Content-Length: 33 arrived without its body and went on with its length: a server
  // that answered at once took the first 33 bytes of the next visitor's request for it.
  await hastyServer(async (client, received) => {
    const headers = new Headers({ host: "a", "content-length": "33" });
    await textOf(await client.request({ method: "GET", target: "/", headers }, signal));
    strictEqual(received().includes("content-length"), false);
  });
});

Deno.test("a body that is not as long as its head says ends the connection with its request", async () => {
  await hastyServer(async (client, received) => {
    for (const content of ["ab", "abcdef"]) {
      const headers = new Headers({ host: "a", "content-length": "4" });
      const body = new Blob([content]).stream();
      const asked = client.request({ method: "POST", target: "/", headers, body }, signal);
      await textOf(await asked);
    }
    strictEqual(received().match(/POST/g)?.length, 2);
    strictEqual(received().includes("abcdef"), false);
  });
});

Deno.test("header values go on byte by byte as they came", async () => {
  await hastyServer(async (client, received) => {
    const headers = new Headers({ host: "a", "x-utf8": "\xc3\xa9", "x-latin1": "\xe9" });
    await textOf(await client.request({ method: "GET", target: "/", headers }, signal));
    match(received(), /x-utf8: \xc3\xa9\r\n/);
    match(received(), /x-latin1: \xe9\r\n/);
  });
});
