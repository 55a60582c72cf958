/** Sites behind a real node, asked with Deno's client. */
import { serve, type Stream, trustAnchor } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";

import { http } from "../http.ts";
import { proxySite, type ProxySiteOptions } from "./proxy_site.ts";
import { redirectSite } from "./redirect_site.ts";
import { type Site, sites } from "./site.ts";
import { upstream } from "./upstream.ts";

/** A node that serves sites, and how to ask it. */
async function node(list: readonly Site[]) {
  const handle = sites(list);
  const app = async (...args: Parameters<typeof handle>): Promise<Response> =>
    await handle(...args) ?? new Response("no such site\n", { status: 404 });
  const endpoint = await serve({
    hostname: "127.0.0.1",
    names: ["localhost"],
    handlers: [http({ app })],
    limits: { drainTimeoutMs: 200 },
  });
  const caCerts = [trustAnchor(endpoint.key.publicKey)];
  const client = Deno.createHttpClient({ caCerts });
  const origin = `localhost:${endpoint.addr.port}`;
  return {
    origin,
    ask: (path: string, init: RequestInit = {}) =>
      fetch(`https://${origin}${path}`, { ...init, client, redirect: "manual" }),
    webSocket: (path: string, protocols: string[] = []) =>
      new WebSocket(`wss://${origin}${path}`, { protocols, client }),
    async [Symbol.asyncDispose](): Promise<void> {
      client.close();
      await endpoint.close();
      for (const { serve } of list) if (Symbol.dispose in serve) dispose(serve);
    },
  };
}

function dispose(serve: unknown): void {
  (serve as Disposable)[Symbol.dispose]();
}

function proxied(upstreams: readonly string[], more: Partial<ProxySiteOptions> = {}): Site {
  return {
    serve: proxySite({ upstreams: upstreams.map((each) => upstream(each)), ...more }),
  };
}

function server(handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
}

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
    headers: { "x-kept": "1", "x-forwarded-for": "6.6.6.6", "forwarded": "for=6.6.6.6" },
  });
  strictEqual(await response.text(), "POST /a%20b?c=d 200000");
  strictEqual(response.status, 201);
  deepStrictEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  strictEqual(response.headers.get("x-hop"), null);
  strictEqual(seen?.get("x-kept"), "1");
  strictEqual(seen?.get("host"), front.origin);
  strictEqual(seen?.get("x-forwarded-for"), "127.0.0.1");
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
  const moved = await handle(new Request("https://old.example/a?b"), Object.create(null));
  strictEqual(moved?.headers.get("location"), "https://app.example/moved/a?b");
  ok(moved?.status === 308);
});
