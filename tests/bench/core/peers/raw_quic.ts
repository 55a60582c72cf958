import { ALPN, serveStream } from "../protocol.ts";
import { quicDuplex } from "../web_duplex.ts";
import { benchLeaf } from "./key.ts";

const listeners: Deno.QuicListener[] = []; // one that is collected goes deaf

/** Deno's QUIC with nothing around it. */
export async function startRawQuic(): Promise<number> {
  const { cert, key } = await benchLeaf();
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const listener = endpoint.listen({
    cert,
    key,
    alpnProtocols: [ALPN],
    maxConcurrentBidirectionalStreams: 256,
    maxConcurrentUnidirectionalStreams: 256,
  });
  listeners.push(listener);
  acceptAll(listener);
  return endpoint.addr.port;
}

async function acceptAll(listener: Deno.QuicListener): Promise<void> {
  for await (const incoming of listener) {
    serveConn(incoming).catch(() => {});
  }
}

async function serveConn(incoming: Deno.QuicIncoming): Promise<void> {
  const conn = await incoming.accept();
  for await (const stream of conn.incomingBidirectionalStreams) {
    serveStream(quicDuplex(stream)).catch(() => {});
  }
}
