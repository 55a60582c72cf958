import { dial } from "@alknet/client";
import { type Connection, type Identity, NOBODY } from "@alknet/core";
import { connectH3, type H3Client } from "@alknet/h3";
import { Hono } from "hono";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";

import { bearer, type HttpEnv, type HttpInfo } from "./mod.ts";
import { startNode, type TestNode } from "./testdata/node.ts";

Deno.test("http() serves /healthz over h3, and 404 to what nobody serves", async () => {
  await using node = await startNode();
  await using client = connectH3(await connect(node));
  deepStrictEqual(await get(client, `${node.url}/healthz`), [200, "ok\n"]);
  deepStrictEqual(await get(client, `${node.url}/else`), [404, "Not found\n"]);
});

Deno.test("http() tells the application the same over h3 as over h2, and more", async () => {
  let seen: HttpInfo | undefined;
  await using node = await startNode({
    app: (request, info) => {
      seen = info;
      return new Response(request.url);
    },
  });
  await using client = connectH3(await connect(node));
  deepStrictEqual(await get(client, `${node.url}/a?b=c`), [200, `${node.url}/a?b=c`]);
  strictEqual(seen?.alpn, "h3");
  strictEqual(seen.transport, "quic");
  strictEqual(seen.remoteAddr.hostname, "127.0.0.1");
  strictEqual(seen.h3?.streamId, 0);
  deepStrictEqual(seen.h3.priority, { urgency: 3, incremental: false });
});

Deno.test("bearer() finds the caller over h3", async () => {
  const alice: Identity = { id: "alice", scopes: ["secret:read"], resources: {} };
  const identities = {
    ...NOBODY,
    fromToken: (token: string) => token === "right" ? alice : undefined,
  };
  const app = new Hono<HttpEnv>()
    .get("/secret", bearer({ scope: "secret:read" }), (c) => c.text(`${c.get("identity")?.id}`));
  await using node = await startNode({ app }, { identities });
  await using client = connectH3(await connect(node));
  const ask = async (token: string): Promise<[number, string]> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await client.fetch(`${node.url}/secret`, { headers });
    return [response.status, await response.text()];
  };
  deepStrictEqual(await ask("right"), [200, "alice"]);
  deepStrictEqual(await ask("wrong"), [401, "Unauthorized\n"]);
});

Deno.test("http() answers 500 over h3 to a failing application and says nothing of why", async () => {
  await using node = await startNode({
    app: () => {
      throw new TypeError("the password is swordfish");
    },
  });
  await using client = connectH3(await connect(node));
  deepStrictEqual(await get(client, `${node.url}/`), [500, "Internal server error\n"]);
});

Deno.test("http() lets a request over h3 finish at shutdown", async () => {
  const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using node = await startNode({
    app: async () => {
      begun.resolve();
      await go.promise;
      return new Response("finished");
    },
  });
  await using client = connectH3(await connect(node));
  const answer = get(client, `${node.url}/`);
  await begun.promise;
  const closing = node.endpoint.close();
  await client.goingAway;
  go.resolve();
  deepStrictEqual(await answer, [200, "finished"]);
  await closing;
});

Deno.test("h3 over TLS is refused, and the node serves on", async () => {
  await using node = await startNode();
  await using conn = await connect(node, "tls");
  const stream = await conn.openStream();
  await rejects(async () => {
    for (;;) if (await stream.read(new Uint8Array(1)) === null) throw new RangeError("ended");
  });
  const response = await fetch(`${node.url}/healthz`, { client: node.client });
  strictEqual(await response.text(), "ok\n");
});

function connect(node: TestNode, transport: "quic" | "tls" = "quic"): Promise<Connection> {
  const target = `${node.endpoint.nodeId}@127.0.0.1:${node.port}`;
  return dial(target, { alpn: "h3", transports: [transport] });
}

async function get(client: H3Client, url: string): Promise<[status: number, text: string]> {
  const response = await client.fetch(url);
  return [response.status, await response.text()];
}
