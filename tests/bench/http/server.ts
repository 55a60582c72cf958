/**
 * A server of the HTTP benches as a process of its own: `server.ts NAME`, where NAME is one of those
 * in `SERVERS`, prints where it is as JSON. `/small` is 100 bytes of JSON, `/large` 1 MiB, `/socket`
 * a WebSocket.
 */
import { type Identity, NOBODY, serve, trustAnchor } from "@alknet/core";
import { http, type HttpApp, webApp } from "@alknet/http";
import { operation, OperationRegistry } from "@alknet/operations";

import { benchKey, benchLeaf } from "../core/peers/key.ts";
import { LARGE_TEXT, SMALL, TOKEN } from "./bodies.ts";

/** No limit of ours is to be met. */
const PLENTY = 1e9;
const LARGE = new TextEncoder().encode(JSON.stringify(LARGE_TEXT));
const SERVERS: Readonly<Record<string, () => Promise<number>>> = {
  "ours": () => startNode(answer),
  "gateway": () => startNode(gateway()),
  "deno": startDeno,
};

const { publicKey } = await benchKey();
const port = await SERVERS[Deno.args[0] ?? ""]?.();
const ready = JSON.stringify({ port, anchor: trustAnchor(publicKey), id: publicKey.toHex() });
await Deno.stdout.write(new TextEncoder().encode(`${ready}\n`));

async function startNode(app: HttpApp): Promise<number> {
  const caller: Identity = { id: "bench", scopes: [], resources: {} };
  const node = await serve({
    hostname: "127.0.0.1",
    names: ["localhost"],
    key: await benchKey(),
    identities: { ...NOBODY, fromToken: (token) => token === TOKEN ? caller : undefined },
    limits: { maxConnections: PLENTY, maxConnectionsPerAddress: PLENTY, maxStreams: 256 },
    handlers: [http({ app })],
  });
  return node.addr.port;
}

async function startDeno(): Promise<number> {
  const { cert, key } = await benchLeaf();
  const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} };
  return Deno.serve(options, answer).addr.port;
}

function answer(request: Request): Response {
  switch (new URL(request.url).pathname) {
    case "/small":
      return Response.json(SMALL);
    case "/large":
      return new Response(LARGE, { headers: { "content-type": "application/json" } });
    default:
      return Deno.upgradeWebSocket(request).response;
  }
}

/** The same as operations, which it writes as JSON anew for each call. */
function gateway(): HttpApp {
  const registry = new OperationRegistry();
  const access = { requiredScopes: [] };
  registry.register(
    operation({ name: "bench/small", type: "query", access, handler: () => SMALL }),
  );
  registry.register(
    operation({ name: "bench/large", type: "query", access, handler: () => LARGE_TEXT }),
  );
  return webApp({
    operations: { dispatcher: registry, catalogue: registry },
    limits: { ratePerIdentity: PLENTY, burstPerIdentity: PLENTY, maxRequestsPerIdentity: PLENTY },
  });
}
