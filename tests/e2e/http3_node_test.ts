/**
 * The story of a browser at a node: with a token, and nothing installed, it reaches the protocols of
 * the node over WebTransport.
 */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { connectCall } from "@alknet/call";
import { dial } from "@alknet/client";
import { connectH3, webTransportConnection } from "@alknet/h3";

import { missing, testOrSkip } from "../tools/skip.ts";
import { hashesAt, openChromium } from "./support/chromium.ts";
import { Machine, type ServingNode } from "./support/cli.ts";
import { echoOverWebSocket, echoOverWebTransport, pageProtocol } from "./support/in_page.ts";

const NOWHERE = { hostname: "127.0.0.1", port: 0 };

Deno.test("a token's holder calls operations over a WebTransport session", async () => {
  await using served = await startNode();
  await using client = connectH3(
    await dial(served.node.target, { alpn: "h3", transports: ["quic"] }),
  );
  const headers = { authorization: `Bearer ${served.token}` };
  const session = await client.webTransport("https://localhost/alknet/call", { headers });
  const conn = webTransportConnection(session, { alpn: "alknet/call", remoteAddr: NOWHERE });
  await using calls = connectCall(conn);
  const me = await calls.call("peers/whoami", {});
  match(JSON.stringify(me), /node:read/);
  await session[Symbol.asyncDispose]();
});

testOrSkip(
  "Chromium reaches a protocol of the node with a ticket",
  missing("chromium"),
  async () => {
    await using served = await startNode();
    const { spki, sha256 } = await hashesAt(served.node.port);
    await using page = await openChromium({ spki, quicPort: served.node.port });
    const url = `https://localhost:${served.node.port}`;
    strictEqual((await page.goto(`${url}/healthz`))?.status(), 200);
    const visitor = { token: served.token, certificateHash: [...sha256] };
    const found = await page.evaluate(echoOverWebTransport, visitor);
    deepStrictEqual(found, { echoed: "from a browser", refused: true });
  },
);

testOrSkip(
  "Chromium opens a WebSocket from a page over HTTP/2, on a connection of its own",
  missing("chromium"),
  async () => {
    await using served = await startNode();
    const { spki, sha256 } = await hashesAt(served.node.port);
    await using page = await openChromium({ spki });
    await page.goto(`https://localhost:${served.node.port}/healthz`);
    strictEqual(await page.evaluate(pageProtocol), "h2");
    const visitor = { token: served.token, certificateHash: [...sha256] };
    strictEqual(await page.evaluate(echoOverWebSocket, visitor), "from a browser");
  },
);

/** A node with its usual handlers and echo, and a token for it. */
async function startNode(): Promise<{ node: ServingNode; token: string } & AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const a = started.use(await Machine.fresh());
  strictEqual((await a.alknet("init")).code, 0);
  await a.write(
    "alknet.toml",
    '[node]\nnames = ["localhost"]\n[handlers]\nenabled = ["http", "call", "echo"]\n',
  );
  const node = started.use(await a.serve());
  const { out, code, err } = await a.alknet("token", "create", "t", "--scope", "node:read");
  strictEqual(code, 0, err);
  const all = started.move();
  return { node, token: out.trim(), [Symbol.asyncDispose]: () => all.disposeAsync() };
}
