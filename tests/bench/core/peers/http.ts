import { serve } from "@alknet/core";
import { http } from "@alknet/http";

import { benchKey, benchLeaf } from "./key.ts";

/** `GET /<n>` is answered with n bytes, by the http handler behind the dispatcher. */
export async function startHttp(): Promise<number> {
  const limits = { maxConnectionsPerAddress: 10_000 };
  const handlers = [http({ app: answer })];
  const node = await serve({ hostname: "127.0.0.1", key: await benchKey(), handlers, limits });
  return node.addr.port;
}

/** The same by Deno's own server on a port of its own. */
export async function startRawHttp(): Promise<number> {
  const { cert, key } = await benchLeaf();
  const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} };
  return Deno.serve(options, answer).addr.port;
}

function answer(request: Request): Response {
  return new Response(new Uint8Array(Number(new URL(request.url).pathname.slice(1))));
}
