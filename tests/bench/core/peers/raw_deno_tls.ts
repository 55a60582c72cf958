import { ALPN, serveStream } from "../protocol.ts";
import { tlsDuplex } from "../web_duplex.ts";
import { benchLeaf } from "./key.ts";

/** Deno.listenTls with nothing around it; it cannot turn Nagle's algorithm off. */
export async function startRawDenoTls(): Promise<number> {
  const { cert, key } = await benchLeaf();
  const options = { hostname: "127.0.0.1", port: 0, cert, key, alpnProtocols: [ALPN] };
  const listener = Deno.listenTls(options);
  acceptAll(listener);
  return listener.addr.port;
}

async function acceptAll(listener: Deno.TlsListener): Promise<void> {
  for await (const conn of listener) {
    serveStream(tlsDuplex(conn)).catch(() => {}).finally(() => conn.close());
  }
}
