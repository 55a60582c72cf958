/** Sites behind a real node, asked with Deno's client. */
import { NOBODY, type Stream } from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { socketStream } from "@alknet/core/transport";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { mock } from "node:test";

import { COOKIE } from "../dashboard/guard.ts";
import type { HttpInfo } from "../http_info.ts";
import { node, proxied, server } from "../testdata/site_node.ts";
import { HealthCheck } from "./health_check.ts";
import { type ProxySite, proxySite } from "./proxy_site.ts";
import { redirectSite } from "./redirect_site.ts";
import { sites } from "./site.ts";
import { upstream } from "./upstream.ts";

const INFO: HttpInfo = {
  remoteAddr: { hostname: "127.0.0.1", port: 1 },
  alpn: "http/1.1",
  transport: "tls",
  auth: { alpn: "http/1.1", remoteAddr: { hostname: "127.0.0.1", port: 1 } },
  identities: NOBODY,
};

Deno.test("a request passes through as it is, but for what belongs to the connection", async () => {
  let seen: Headers | undefined;
  await using behind = server(async (request) => {
    seen = request.headers;
    const { pathname, search } = new URL(request.url);
    const size = (await request.bytes()).length;
    const headers = new Headers({ "x-made": "there", "connection": "x-hop", "x-hop": "1" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response(`${request.method} ${pathname}${search} ${size}`, { status: 201, headers });
  });
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  const response = await front.ask("/a%20b?c=d", {
    method: "POST",
    body: new Blob(["x".repeat(200_000)]).stream(),
    headers: {
      "x-kept": "1",
      "x-forwarded-for": "6.6.6.6",
      "forwarded": "for=6.6.6.6",
      "x_forwarded_for": "6.6.6.6", // which WSGI and CGI take for the other
      "x-forwarded-ssl": "off",
      "x-real_ip": "6.6.6.6",
      "proxy": "http://evil.example", // HTTP_PROXY to a CGI program
      "cookie": `a=1; ${COOKIE}=${"x".repeat(43)}; b=2`,
    },
  });
  strictEqual(await response.text(), "POST /a%20b?c=d 200000");
  strictEqual(response.status, 201);
  deepStrictEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  strictEqual(response.headers.get("x-hop"), null);
  strictEqual(seen?.get("x-kept"), "1");
  strictEqual(seen?.get("cookie"), "a=1; b=2"); // who had it would be signed in to the dashboard
  strictEqual(seen?.get("host"), front.origin);
  strictEqual(seen?.get("x-forwarded-for"), "127.0.0.1");
  for (const name of ["x_forwarded_for", "x-forwarded-ssl", "x-real_ip", "proxy"]) {
    strictEqual(seen?.get(name), null, name);
  }
  match(seen?.get("forwarded") ?? "", /^for=127\.0\.0\.1;host="localhost:\d+";proto=https$/);
});

Deno.test("HEAD, 204 and 304 have no body and end", async () => {
  await using behind = server((request) => {
    const status = Number(new URL(request.url).pathname.slice(1));
    const body = status === 200 ? "x".repeat(500) : null;
    return new Response(body, { status, headers: { etag: '"1"' } });
  });
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  const head = await front.ask("/200", { method: "HEAD" });
  strictEqual(await head.text(), "");
  strictEqual(head.status, 200);
  for (const status of [204, 304]) {
    const response = await front.ask(`/${status}`);
    strictEqual(response.status, status);
    strictEqual(await response.text(), "");
  }
});

Deno.test("a server that cannot be reached is passed over; where none can, the answer is 502", async () => {
  await using behind = server(() => new Response("here"));
  const dead = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = dead.addr;
  dead.close();
  await using front = await node([
    {
      path: "/one",
      ...proxied([`http://127.0.0.1:${port}`, `http://127.0.0.1:${behind.addr.port}`]),
    },
    { path: "/none", ...proxied([`http://127.0.0.1:${port}`]) },
  ]);
  for (let round = 0; round < 4; round++) {
    const response = await front.ask("/one", { method: "POST", body: "once" });
    strictEqual(await response.text(), "here");
  }
  const none = await front.ask("/none");
  strictEqual(none.status, 502);
  await none.body?.cancel();
});

Deno.test("a server without an answer in time is a 504, and garbage a 502", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for await (const conn of listener) conns.push(conn);
  })();
  const url = `http://127.0.0.1:${listener.addr.port}`;
  {
    await using front = await node([proxied([url], { timeoutMs: 50 })]);
    const late = await front.ask("/");
    strictEqual(late.status, 504);
    await late.body?.cancel();
  }
  {
    await using front = await node([proxied([url])]);
    const asked = front.ask("/");
    while (conns.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await conns[1]?.write(new TextEncoder().encode("SSH-2.0-OpenSSH\r\n\r\n"));
    const bad = await asked;
    strictEqual(bad.status, 502);
    await bad.body?.cancel();
  }
  listener.close();
  await accepting;
  for (const conn of conns) conn.close();
});

Deno.test("a body that takes longer than a server has for its answer is no reason to give up", async () => {
  // The time ran from the first byte of the request: who sent a large file over a slow line got a
  // 504 in the middle of it.
  const [here, there] = memoryPair();
  mock.timers.enable({ apis: ["setTimeout"] });
  const connect = (): Promise<Stream> => here.openStream();
  using site = proxySite({ upstreams: [{ name: "x", host: "x", connect }], timeoutMs: 1_000 });
  const body = new TransformStream<Uint8Array, Uint8Array>();
  const init = { method: "POST", body: body.readable, headers: { "content-length": "10" } };
  const answer = site(new Request("https://localhost/", init), { ...INFO, alpn: "h2" });
  const writer = body.writable.getWriter();
  for await (const stream of there.streams) {
    const buffer = new Uint8Array(1_024);
    await stream.read(buffer); // the head
    for (let at = 0; at < 10; at++) {
      await writer.write(new Uint8Array(1));
      await stream.read(buffer);
      await new Promise((resolve) => setImmediate(resolve)); // the sender learns of it
      mock.timers.tick(900);
    }
    await stream.write(new TextEncoder().encode("HTTP/1.1 204 Taken\r\n\r\n"));
    break;
  }
  strictEqual((await answer).status, 204);
  mock.timers.reset();
  here.close();
});

Deno.test("a server behind a Unix socket, and one behind a stream to a peer, are reached the same", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "app.sock");
  await using behind = Deno.serve({ path, onListen() {} }, () => new Response("by socket"));
  const dialPeer = async (peer: string): Promise<Stream> => {
    strictEqual(peer, "worker-1");
    return socketStream(await Deno.connect({ transport: "unix", path }));
  };
  await using front = await node([
    { path: "/unix", ...proxied([`unix:${path}`]) },
    {
      path: "/peer",
      serve: proxySite({ upstreams: [upstream("peer:worker-1", { dialPeer })] }),
    },
  ]);
  for (const at of ["/unix", "/peer"]) {
    strictEqual(await (await front.ask(at)).text(), "by socket", at);
  }
  for (const each of [upstream(`unix:${path}`), upstream("peer:worker-1", { dialPeer })]) {
    const checked = Promise.withResolvers<string | undefined>();
    using _ = new HealthCheck(each, { path: "/" }, ({ problem }) => checked.resolve(problem));
    strictEqual(await checked.promise, undefined, each.name);
  }
  await behind.shutdown();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("WebSockets pass through with the subprotocol the server chose, text and binary, to their end", async () => {
  let asked: string | null = "";
  await using behind = server((request) => {
    asked = request.headers.get("host");
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "b" });
    socket.onmessage = ({ data }) =>
      data === "bye" ? socket.close(4001, "as asked") : socket.send(data);
    return response;
  });
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  const socket = front.webSocket("/chat?x=1", ["a", "b"]);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve) => socket.onopen = resolve);
  strictEqual(socket.protocol, "b");
  strictEqual(asked, front.origin);
  const next = (): Promise<unknown> =>
    new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  const text = next();
  socket.send("hello");
  strictEqual(await text, "hello");
  const binary = next();
  socket.send(new Uint8Array(100_000));
  strictEqual(((await binary) as ArrayBuffer).byteLength, 100_000);
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  socket.send("bye");
  const { code, reason } = await closed;
  deepStrictEqual([code, reason], [4001, "as asked"]);
});

Deno.test("the site with the best host and the longest path answers", async () => {
  const say = (text: string) => (): Response => new Response(text);
  const handle = sites([
    { serve: say("any") },
    { path: "/api", serve: say("any /api") },
    { host: "*.example", serve: say("pattern") },
    { host: "app.example", serve: say("app") },
    { host: "app.example", path: "/api/v2", serve: say("app /api/v2") },
    { host: "old.example", serve: redirectSite("https://app.example/moved/") },
  ]);
  const at = async (url: string): Promise<string | undefined> =>
    await (await handle(new Request(url), Object.create(null)))?.text();
  strictEqual(await at("https://other/"), "any");
  strictEqual(await at("https://other/api"), "any /api");
  strictEqual(await at("https://other/apis"), "any");
  strictEqual(await at("https://x.example/api"), "pattern");
  strictEqual(await at("https://a.b.example/"), "any");
  strictEqual(await at("https://APP.example/api"), "app");
  strictEqual(await at("https://app.example/api/v2/x"), "app /api/v2");
  strictEqual(await at("https://app.example.:4433/api"), "app"); // met no site
  strictEqual(await at("https://x.example./"), "pattern");
  for (const up of ["..%2fadmin", "%2e.%2F", "..%5cx", "..;/x", "x/..%252f..%252Fx", "..%3b%2f"]) {
    strictEqual(await at(`https://other/api/${up}`), "any", up); // no site that has /api only
  }
  strictEqual(await at("https://other/api/a..b/..c/x..%2f"), "any /api");
  const moved = await handle(new Request("https://old.example/a?b"), Object.create(null));
  strictEqual(moved?.headers.get("location"), "https://app.example/moved/a?b");
  ok(moved?.status === 308);
});

Deno.test("a client that leaves takes back what the server was asked", async () => {
  // Its request stayed with the server until that answered, or for a minute: whoever asks and
  // leaves, again and again, held a connection to the server each time.
  let arrived = Promise.withResolvers<void>();
  let left = Promise.withResolvers<void>();
  await using behind = server(async (request) => {
    const gone = left;
    request.signal.addEventListener("abort", () => gone.resolve());
    arrived.resolve();
    await request.bytes().catch(() => gone.resolve()); // which is how Deno tells within a body
    await gone.promise;
    return new Response("nobody reads this");
  });
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  for (const begun of ["GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\ncontent-length: 9\r\n"]) {
    {
      using conn = await front.connect();
      await conn.write(new TextEncoder().encode(`${begun}host: localhost\r\n\r\n`));
      await arrived.promise;
    }
    await left.promise;
    [arrived, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  }
});

Deno.test("an answer without content is one, whatever the server says of its length", async () => {
  // A 205 was a 502 here, and a 204 with a length broke HTTP/2, which waits for that much.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(4_096);
      const count = await conn.read(buffer) ?? 0;
      const [, status] = /^GET \/(\d+)/.exec(new TextDecoder().decode(buffer.subarray(0, count))) ??
        [];
      await conn.write(
        new TextEncoder().encode(`HTTP/1.1 ${status} X\r\ncontent-length: 5\r\n\r\nhello`),
      );
      conn.close();
    }
  })();
  {
    await using front = await node([proxied([`http://127.0.0.1:${listener.addr.port}`])]);
    for (const status of [204, 205, 304]) {
      const response = await front.ask(`/${status}`);
      strictEqual(response.status, status);
      strictEqual(await response.text(), "");
      if (status !== 304) ok([null, "0"].includes(response.headers.get("content-length")));
    }
  }
  listener.close();
  await serving;
});

Deno.test("a server with very many fields is refused before they cost seconds", async () => {
  // Three thousand short ones fit into a head, and held the whole node up for six seconds.
  await using behind = server(() => {
    const fields = Array.from({ length: 300 }, (_, at) => [`x-${at}`, "1"] as [string, string]);
    return new Response("ok", { headers: fields });
  });
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  const response = await front.ask("/");
  strictEqual(response.status, 502);
  await response.body?.cancel();
});

Deno.test("a server gets no more connections than it may, WebSockets among them", async () => {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  await using behind = server(async (request) => {
    if (request.headers.has("upgrade")) return Deno.upgradeWebSocket(request).response;
    if (request.url.endsWith("/slow")) {
      arrived.resolve();
      await release.promise;
    }
    return new Response("here");
  });
  const site = proxied([`http://127.0.0.1:${behind.addr.port}`], { maxConnections: 2 });
  await using front = await node([site]);
  const socket = front.webSocket("/");
  await new Promise((resolve) => socket.onopen = resolve);
  const slow = front.ask("/slow");
  await arrived.promise;
  const status = async (): Promise<number> => {
    const response = await front.ask("/");
    await response.body?.cancel();
    return response.status;
  };
  strictEqual(await status(), 503);
  release.resolve();
  strictEqual(await (await slow).text(), "here");
  strictEqual(await status(), 200); // over the connection that was kept
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
  const [{ refused = 0 } = {}] = (site.serve as ProxySite).upstreams();
  ok(refused > 0);
});

Deno.test("CONNECT opens no tunnel, and a request without a body stays one", async () => {
  const heads: (string | null)[] = [];
  await using behind = server((request) => {
    heads.push(request.headers.get("transfer-encoding"));
    return new Response(request.method);
  });
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  match(
    await front.raw(
      "CONNECT behind.example:22 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    ),
    / 405 /,
  );
  const end = "HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
  match(await front.raw(`TRACE / ${end}`), / 405 /); // it would show what the server is sent
  match(await front.raw(`DELETE / ${end}`), /DELETE$/);
  match(await front.raw(`OPTIONS / ${end}`), /OPTIONS$/);
  deepStrictEqual(heads, [null, null]);
});

Deno.test("a WebSocket client that does not read costs itself its connection, not the node", async () => {
  // Closing the server's side with code 1013, which clients may not send, threw where nobody
  // catches: a stranger ended the whole program by not reading.
  const over = Promise.withResolvers<number>();
  await using behind = server((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const flood = (): void => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(new Uint8Array(1_048_576));
      setTimeout(flood);
    };
    socket.onopen = flood;
    socket.onclose = ({ code }) => over.resolve(code);
    return response;
  });
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  using conn = await front.connect();
  await conn.write(handshake());
  strictEqual(await over.promise, 4429);
});

Deno.test("a WebSocket that the server ends at once is over for its client too", async () => {
  // The server's close came while the client's side was still being opened, and was forgotten.
  await using behind = server((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.close(4001, "no");
    return response;
  });
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  for (let round = 0; round < 5; round++) {
    const socket = front.webSocket("/");
    await new Promise((resolve) => socket.onclose = resolve);
  }
});

Deno.test("a server that refuses a WebSocket says so to the client itself", async () => {
  // It was a 502, so that nobody learned that a password was wanted.
  const headers = { "www-authenticate": 'Basic realm="x"', "set-cookie": "a=1" };
  await using behind = server(() => new Response("who are you?", { status: 401, headers }));
  await using front = await node([proxied([`http://127.0.0.1:${behind.addr.port}`])]);
  using conn = await front.connect();
  await conn.write(handshake());
  const buffer = new Uint8Array(1_024);
  const count = await conn.read(buffer) ?? 0;
  const answer = new TextDecoder().decode(buffer.subarray(0, count));
  match(answer, /^HTTP\/1\.1 401 /);
  match(answer, /^www-authenticate: Basic realm="x"\r$/mi);
  match(answer, /\r\n\r\n$/);
});

Deno.test("a server that never answers a WebSocket's handshake is a 504", async () => {
  await using behind = await silentServer();
  await using front = await node([
    proxied([`http://127.0.0.1:${behind.port}`], { timeoutMs: 100 }),
  ]);
  using conn = await front.connect();
  await conn.write(handshake());
  const buffer = new Uint8Array(1_024);
  const count = await conn.read(buffer) ?? 0;
  match(new TextDecoder().decode(buffer.subarray(0, count)), /^HTTP\/1.1 504 /);
  await behind.left;
});

/** A server that takes one connection and says nothing. */
function silentServer() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const left = listener.accept().then(async (conn) => {
    using _ = conn;
    const buffer = new Uint8Array(4_096);
    while (await conn.read(buffer).catch(() => null) !== null);
  });
  return {
    port: listener.addr.port,
    left,
    async [Symbol.asyncDispose](): Promise<void> {
      await left;
      listener.close();
    },
  };
}

function handshake(): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
      "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
}
