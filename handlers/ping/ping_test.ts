import { dial } from "@alknet/client";
import {
  ConfigIdentities,
  type Connection,
  ConnectionClosedError,
  type Endpoint,
  generateNodeKey,
  keyFingerprint,
  type NodeKey,
  ProtocolError,
  serve,
} from "@alknet/core";
import { memoryPair } from "@alknet/core/testing";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";

import { ALPN, ping, pingOver, PingTimeoutError } from "./mod.ts";

for (const transport of ["quic", "tls"] as const) {
  Deno.test(`pingOver() yields round trips and who the client is, over ${transport}`, async () => {
    const key = await generateNodeKey();
    await using node = await nodeKnowing(key);
    await using conn = await dialNode(node, key, transport);
    const replies = await Array.fromAsync(pingOver(conn, { count: 4, intervalMs: 1 }));
    deepStrictEqual(replies.map(({ seq }) => seq), [0, 1, 2, 3]);
    ok(replies.every(({ rttMs }) => rttMs > 0));
    const [{ whoami } = fail()] = replies;
    strictEqual(whoami.id, "laptop");
    deepStrictEqual(whoami.scopes, ["git:read"]);
    strictEqual(whoami.fingerprint, keyFingerprint(key.publicKey));
    strictEqual(whoami.transport, transport);
    strictEqual(whoami.remoteAddr.hostname, "127.0.0.1");
  });
}

Deno.test("ping() answers strangers nothing", async () => {
  await using node = await nodeKnowing(await generateNodeKey());
  const stranger = await generateNodeKey();
  await using conn = await dialNode(node, stranger, "quic");
  await rejects(pingOver(conn, { count: 1 }).next(), ConnectionClosedError);
});

Deno.test("ping() resets a stream that ends within a probe and serves the next", async () => {
  const key = await generateNodeKey();
  await using node = await nodeKnowing(key);
  await using conn = await dialNode(node, key, "quic");
  const stream = await conn.openStream();
  await stream.write(new Uint8Array(5));
  await stream.closeWrite();
  strictEqual(await stream.read(new Uint8Array(8)), null);
  strictEqual((await Array.fromAsync(pingOver(conn, { count: 1 }))).length, 1);
});

Deno.test("pingOver() gives up on a node that does not answer", async () => {
  const [conn, silent] = memoryPair({ alpn: ALPN });
  await rejects(pingOver(conn, { timeoutMs: 5 }).next(), PingTimeoutError);
  silent.close();
});

Deno.test("pingOver() throws the signal's reason, waiting for an answer or for its turn", async () => {
  const key = await generateNodeKey();
  await using node = await nodeKnowing(key);
  await using conn = await dialNode(node, key, "quic");
  const controller = new AbortController();
  const pings = pingOver(conn, { intervalMs: 60_000, signal: controller.signal });
  await pings.next();
  const waiting = pings.next();
  controller.abort(new DOMException("enough", "AbortError"));
  await rejects(waiting, { name: "AbortError", message: "enough" });

  const [here, silent] = memoryPair({ alpn: ALPN });
  const other = new AbortController();
  const unanswered = pingOver(here, { signal: other.signal }).next();
  other.abort(new DOMException("enough", "AbortError"));
  await rejects(unanswered, { name: "AbortError", message: "enough" });
  silent.close();
});

Deno.test("pingOver() refuses an answer that is not its probe", async () => {
  const [conn, liar] = memoryPair({ alpn: ALPN });
  const lying = answerOnce(liar, new Uint8Array(8));
  await rejects(pingOver(conn, { timeoutMs: 1000 }).next(), ProtocolError);
  await lying;
  liar.close();
});

Deno.test("pingOver() leaves the connection usable when its loop is left early", async () => {
  const key = await generateNodeKey();
  await using node = await nodeKnowing(key);
  await using conn = await dialNode(node, key, "quic");
  for await (const { seq } of pingOver(conn, { intervalMs: 1 })) {
    if (seq === 2) break;
  }
  strictEqual((await Array.fromAsync(pingOver(conn, { count: 2, intervalMs: 1 }))).length, 2);
});

function nodeKnowing(key: NodeKey): Promise<Endpoint> {
  const peer = {
    peerId: "laptop",
    fingerprints: [keyFingerprint(key.publicKey)],
    sshKeys: [],
    scopes: ["git:read"],
    resources: {},
    enabled: true,
  };
  const identities = new ConfigIdentities({ peers: [peer], tokens: [] });
  return serve({ hostname: "127.0.0.1", handlers: [ping()], identities });
}

function dialNode(
  node: Endpoint,
  identity: NodeKey,
  transport: "quic" | "tls",
): Promise<Connection> {
  const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
  return dial(target, { alpn: ALPN, identity, transports: [transport] });
}

async function answerOnce(conn: Connection, answer: Uint8Array): Promise<void> {
  for await (const stream of conn.streams) return await stream.write(answer);
}

function fail(): never {
  throw new Error("no reply");
}
