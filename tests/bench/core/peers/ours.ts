import { forEachStream, serve } from "@alknet/core";

import { ALPN, serveStream } from "../protocol.ts";
import { benchKey } from "./key.ts";

/** The peer behind the dispatcher. */
export async function startOurs(): Promise<number> {
  const node = await serve({
    hostname: "127.0.0.1",
    key: await benchKey(),
    limits: { maxConnections: 50_000, maxConnectionsPerAddress: 50_000, maxStreams: 256 },
    handlers: [{
      name: "bench",
      alpn: [ALPN],
      accept: (conn) => forEachStream(conn, serveStream),
    }],
  });
  return node.addr.port;
}
