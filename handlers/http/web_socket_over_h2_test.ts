import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type ClientHttp2Session, connect, constants } from "node:http2";

import { startNode, type TestNode } from "./testdata/node.ts";

const { NGHTTP2_PROTOCOL_ERROR } = constants;

// RFC 8441 lets a client ask for a WebSocket on HTTP/2 only where the server says that it may. When
// a new Deno says so, this test fails, and the README's limit can go.
Deno.test("HTTP/2 does not offer WebSockets, and breaks off who asks for one anyway", async () => {
  let asked = 0;
  await using node = await startNode({
    app: () => {
      asked++;
      return new Response();
    },
  });
  const session = await open(node);
  strictEqual(session.remoteSettings.enableConnectProtocol, false);
  strictEqual(await askForSocket(session), NGHTTP2_PROTOCOL_ERROR);
  deepStrictEqual([asked, session.destroyed], [0, false]); // others on the connection go on
  const closed = new Promise((resolve) => session.once("close", resolve));
  session.close();
  await closed;
});

async function open({ url }: TestNode): Promise<ClientHttp2Session> {
  const session = connect(url, { rejectUnauthorized: false });
  await new Promise((resolve, reject) => {
    session.once("remoteSettings", resolve);
    session.once("error", reject);
  });
  return session;
}

/** Resolves with the code by which the stream was reset. */
async function askForSocket(session: ClientHttp2Session): Promise<number | undefined> {
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "https",
    ":authority": "localhost",
    ":path": "/",
    "sec-websocket-version": "13",
  }, { endStream: false });
  stream.on("error", () => {}); // its code says the same
  await new Promise((resolve) => stream.once("close", resolve));
  return stream.rstCode;
}
