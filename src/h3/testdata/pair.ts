import { dial } from "@alknet/client";
import { type Connection, type Endpoint, serve } from "@alknet/core";

import { connectH3, type H3Client } from "../client.ts";
import type { H3Handler } from "../exchange.ts";
import { serveH3, type ServeH3Options } from "../server.ts";

/** A node that serves HTTP/3 on loopback, and a connection to it over real QUIC. */
export interface TestServer extends AsyncDisposable {
  readonly node: Endpoint;
  /** Errors the server was told of. */
  readonly errors: unknown[];
  /** Another raw connection. */
  dial(): Promise<Connection>;
  /** A client on a connection of its own. */
  client(): Promise<H3Client>;
}

/** Starts one. */
export async function startServer(
  handler: H3Handler,
  options: ServeH3Options = {},
): Promise<TestServer> {
  const errors: unknown[] = [];
  const node = await serve({
    hostname: "127.0.0.1",
    names: ["localhost"],
    handlers: [{
      name: "web",
      alpn: ["h3"],
      accept: (conn, { signal }) =>
        serveH3(conn, handler, { signal, onError: (error) => errors.push(error), ...options }),
    }],
  });
  const connect = (): Promise<Connection> =>
    dial(`${node.nodeId}@127.0.0.1:${node.addr.port}`, { alpn: "h3", transports: ["quic"] });
  return {
    node,
    errors,
    dial: connect,
    client: async () => connectH3(await connect()),
    [Symbol.asyncDispose]: () => node.close(),
  };
}
