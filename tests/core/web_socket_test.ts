/** WebSockets as a source of connections: all that single-stream sources must do, and bad peers. */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import {
  type CloseInfo,
  type Connection,
  ConnectionClosedError,
  ProtocolError,
} from "@alknet/core";
import { type ConnectedPair, connectionCompliance } from "@alknet/core/testing";
import { webSocketConnection } from "@alknet/core/transport";

const ABOUT = { alpn: "alknet/test", remoteAddr: { hostname: "127.0.0.1", port: 0 } };

interface RawPair extends AsyncDisposable {
  /** The socket that dialled, as it is. */
  readonly socket: WebSocket;
  readonly server: Connection;
}

/** A raw client, and a connection at the other end. */
async function rawPair(onText?: (text: string) => void): Promise<RawPair> {
  const accepted = Promise.withResolvers<Connection>();
  const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    accepted.resolve(webSocketConnection(socket, { ...ABOUT, dialled: false, onText }));
    return response;
  });
  const socket = new WebSocket(`ws://127.0.0.1:${http.addr.port}/`);
  socket.binaryType = "arraybuffer";
  const gone = new Promise((resolve) => socket.addEventListener("close", resolve));
  const server = await accepted.promise;
  return {
    socket,
    server,
    async [Symbol.asyncDispose](): Promise<void> {
      server.close();
      if (socket.readyState < WebSocket.CLOSING) socket.close();
      await gone;
      await http.shutdown();
    },
  };
}

async function pair(): Promise<ConnectedPair> {
  const raw = await rawPair();
  const client = webSocketConnection(raw.socket, { ...ABOUT, dialled: true });
  return {
    client,
    server: raw.server,
    async [Symbol.asyncDispose](): Promise<void> {
      client.close();
      await raw[Symbol.asyncDispose]();
    },
  };
}

for (const { name, multiplexed, run } of connectionCompliance) {
  if (!multiplexed) Deno.test(`over a WebSocket ${name}`, () => run(pair));
}

Deno.test("a WebSocket carries close codes and reasons, both ways", async () => {
  for (const from of ["client", "server"] as const) {
    await using both = await pair();
    await both.client.openStream();
    both[from].close(7, "permission withdrawn");
    const { code, reason }: CloseInfo = await both[from === "client" ? "server" : "client"].closed;
    strictEqual(code, 7);
    strictEqual(reason, "permission withdrawn");
  }
});

Deno.test("a WebSocket that is never opened fails what waits for it", async () => {
  const refusing = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("no", { status: 404 }),
  );
  const socket = new WebSocket(`ws://127.0.0.1:${refusing.addr.port}/`);
  const conn = webSocketConnection(socket, { ...ABOUT, dialled: true });
  await rejects(conn.openStream(), ConnectionClosedError);
  await refusing.shutdown();
});

Deno.test("text that grants nothing is for the protocol that has a meaning for it", async () => {
  const told: string[] = [];
  await using raw = await rawPair((text) => {
    if (text === "bad") throw new ProtocolError("Text has no meaning");
    told.push(text);
  });
  await new Promise((resolve) => raw.socket.onopen = resolve);
  for (const text of ["hello", "0", "bad", "late"]) raw.socket.send(text);
  await raw.server.closed;
  deepStrictEqual(told, ["hello", "0"]);
});

const BAD: readonly [string, (socket: WebSocket) => void][] = [
  ["bytes beyond what was granted", (socket) => {
    for (let sent = 0; sent <= 262_144; sent += 65_536) socket.send(new Uint8Array(65_536));
  }],
  ["bytes after the end", (socket) => {
    socket.send(new Uint8Array(0));
    socket.send(new Uint8Array(1));
  }],
  ["a grant of more than was sent", (socket) => socket.send("1")],
  ["a grant that is no number", (socket) => socket.send("-5")],
  ["text that is none of the protocol", (socket) => socket.send("x".repeat(100_000))],
];

for (const [name, misbehave] of BAD) {
  Deno.test(`a WebSocket peer that sends ${name} loses its connection and nothing else`, async () => {
    await using raw = await rawPair();
    await new Promise((resolve) => raw.socket.onopen = resolve);
    misbehave(raw.socket);
    await raw.server.closed;
    ok(raw.server.signal.aborted);
  });
}
