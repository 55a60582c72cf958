import {
  forEachStream,
  type Handler,
  type HandlerContext,
  type IdentityProvider,
  type Limits,
  NOBODY,
} from "@alknet/core";
import { webSocketConnection } from "@alknet/core/transport";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import type { SocketHandler } from "./carried_socket.ts";
import { startNode, type TestNode, until } from "./testdata/node.ts";

const ADA = { id: "ada", scopes: [], resources: {} };

/** Says who came, sends everything back, and notes when the context ends it. */
function shouting(
  peerAuth: Handler["peerAuth"],
): SocketHandler & { readonly seen: HandlerContext[] } {
  const seen: HandlerContext[] = [];
  return {
    name: "shout",
    alpn: ["alknet/shout"],
    peerAuth,
    seen,
    accept: () => Promise.resolve(),
    async acceptSocket(socket, ctx): Promise<void> {
      seen.push(ctx);
      socket.onopen = () => socket.send(ctx.auth.identity?.id ?? "stranger");
      socket.onmessage = ({ data }) => socket.send(String(data).toUpperCase());
      ctx.signal.addEventListener("abort", () => socket.close(4000, "shutting down"));
      await new Promise((resolve) => socket.onclose = resolve);
    },
  };
}

async function nodeWith(
  handler: Handler,
  limits: Partial<Limits> = {},
): Promise<TestNode & { revoke(): void }> {
  const listeners = new Set<() => void>();
  let good: string | undefined = "alk_good";
  const identities: IdentityProvider = {
    ...NOBODY,
    fromToken: (token) => token === good ? ADA : undefined,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const node = await startNode({}, { identities, handlers: [handler], limits });
  const revoke = (): void => {
    good = undefined;
    for (const listener of listeners) listener();
  };
  return { ...node, revoke };
}

/** The first message, or a rejection. */
async function greeting(node: TestNode, path: string, token?: string): Promise<WebSocket> {
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const url = node.url.replace("https", "wss") + path;
  const socket = new WebSocket(url, { client: node.client, headers });
  await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new TypeError("Refused"));
  }).then((data) => Object.assign(socket, { greeting: data }));
  return socket;
}

async function closed(socket: WebSocket): Promise<CloseEvent> {
  const event = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  if (socket.readyState === WebSocket.OPEN) socket.close();
  return await event;
}

Deno.test("a WebSocket for /alknet/<name> reaches the handler of that ALPN, with who its token is", async () => {
  const handler = shouting("optional");
  await using node = await nodeWith(handler);
  const socket = await greeting(node, "/alknet/shout", "alk_good");
  strictEqual(Reflect.get(socket, "greeting"), "ada");
  const answer = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  socket.send("hello");
  strictEqual(await answer, "HELLO");
  await closed(socket);
  const stranger = await greeting(node, "/alknet/shout");
  strictEqual(Reflect.get(stranger, "greeting"), "stranger");
  await closed(stranger);
  deepStrictEqual(handler.seen.map(({ auth }) => auth.alpn), ["alknet/shout", "alknet/shout"]);
});

Deno.test("a protocol without a form for WebSockets gets a connection with one stream", async () => {
  const echo: Handler = {
    name: "echo",
    alpn: ["alknet/shout"],
    accept: (conn) => forEachStream(conn, (stream) => stream.readable.pipeTo(stream.writable)),
  };
  await using node = await nodeWith(echo);
  const socket = new WebSocket(`${node.url.replace("https", "wss")}/alknet/shout`, {
    client: node.client,
    headers: { authorization: "Bearer alk_good" },
  });
  const remoteAddr = { hostname: "127.0.0.1", port: 0 };
  const conn = webSocketConnection(socket, { alpn: "alknet/shout", remoteAddr, dialled: true });
  const stream = await conn.openStream();
  const read = new Response(stream.readable).bytes();
  await stream.write(new Uint8Array(1_000_000).fill(7));
  await stream.closeWrite();
  deepStrictEqual(await read, new Uint8Array(1_000_000).fill(7));
  await conn.closed;
});

Deno.test("a ticket lets a browser in, once", async () => {
  await using node = await nodeWith(shouting("required"));
  const response = await fetch(`${node.url}/alknet/ticket`, {
    method: "POST",
    client: node.client,
    headers: { authorization: "Bearer alk_good" },
  });
  const { ticket } = await response.json();
  const socket = await greeting(node, `/alknet/shout?ticket=${ticket}`);
  strictEqual(Reflect.get(socket, "greeting"), "ada");
  await closed(socket);
  await rejects(greeting(node, `/alknet/shout?ticket=${ticket}`));
});

Deno.test("a wrong token, a stranger where none may come, and another name meet nothing", async () => {
  const handler = shouting("required");
  await using node = await nodeWith(handler);
  await rejects(greeting(node, "/alknet/shout", "alk_bad"));
  await rejects(greeting(node, "/alknet/shout"));
  await rejects(greeting(node, "/alknet/other", "alk_good"));
  strictEqual(handler.seen.length, 0);
});

// Sockets were served beside the endpoint: neither listed nor counted, and no limit stopped them.
Deno.test("a socket is listed and counted as a connection of its own, and leaves its place", async () => {
  await using node = await nodeWith(shouting("optional"), { maxConnectionsPerIdentity: 1 });
  const { endpoint } = node;
  const socket = await greeting(node, "/alknet/shout", "alk_good");
  const answer = new Promise((resolve) => socket.onmessage = resolve);
  socket.send("hello");
  await answer;
  const carried = endpoint.connections.find(({ transport }) => transport === "websocket");
  const { alpn, handler, peer, bytesReceived, bytesSent } = carried ?? {};
  deepStrictEqual(
    { alpn, handler, peer, bytesReceived, bytesSent },
    { alpn: "alknet/shout", handler: "shout", peer: "ada", bytesReceived: 5, bytesSent: 8 },
  );
  await rejects(greeting(node, "/alknet/shout", "alk_good"));
  strictEqual(endpoint.counters.refusedIdentity, 1);
  await closed(socket);
  await until(() => !endpoint.connections.some(({ handler }) => handler === "shout"));
  await closed(await greeting(node, "/alknet/shout", "alk_good"));
});

Deno.test("a withdrawn permission closes sockets, with the code that their protocol has for it", async () => {
  for (const [code, expected] of [[undefined, 4_007], [() => 4_403, 4_403]] as const) {
    const handler = { ...shouting("optional"), socketCloseCode: code };
    await using node = await nodeWith(handler);
    const socket = await greeting(node, "/alknet/shout", "alk_good");
    const event = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    node.revoke();
    strictEqual((await event).code, expected);
    strictEqual(node.endpoint.counters.revoked, 1);
  }
});

Deno.test("a node that shuts down ends its sockets", async () => {
  const node = await nodeWith(shouting("optional"));
  const socket = await greeting(node, "/alknet/shout");
  const event = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  await node[Symbol.asyncDispose]();
  await event;
});
