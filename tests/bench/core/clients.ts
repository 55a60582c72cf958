import { nodeServerName } from "@alknet/core";

import type { Reach } from "./peer_process.ts";
import { ALPN, type Duplex } from "./protocol.ts";
import { quicDuplex, tlsDuplex } from "./web_duplex.ts";

/** One connection of a client. */
export interface BenchConn {
  /** Opens a stream, or hands out the only one. */
  open(): Promise<Duplex>;
  close(): void;
}

/** The same client for every peer of a transport, so that what differs is the server's. */
export interface Client {
  connect(): Promise<BenchConn>;
  close(): void;
}

export type TransportName = "quic" | "tls";

/** Makes a client. */
export function clientFor(transport: TransportName, reach: Reach, alpn = ALPN): Client {
  return transport === "quic" ? quicClient(reach, alpn) : tlsClient(reach, alpn);
}

function quicClient({ port, anchor, id }: Reach, alpn: string): Client {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const serverName = nodeServerName(Uint8Array.fromHex(id));
  const options = {
    hostname: "127.0.0.1",
    port,
    serverName,
    endpoint,
    alpnProtocols: [alpn],
    caCerts: [anchor],
    keepAliveInterval: 8_000,
  };
  return {
    connect: async () => quicConn(await Deno.connectQuic(options)),
    close: () => endpoint.close({ closeCode: 0, reason: "" }),
  };
}

function quicConn(conn: Deno.QuicConn): BenchConn {
  conn.closed.catch(() => {});
  return {
    open: async () =>
      quicDuplex(await conn.createBidirectionalStream({ waitUntilAvailable: true })),
    close: () => conn.close({ closeCode: 0, reason: "" }),
  };
}

function tlsClient({ port, anchor, id }: Reach, alpn: string): Client {
  const hostname = nodeServerName(Uint8Array.fromHex(id));
  return {
    async connect(): Promise<BenchConn> {
      const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
      tcp.setNoDelay(true);
      const conn = await Deno.startTls(tcp, {
        hostname,
        caCerts: [anchor],
        alpnProtocols: [alpn],
      });
      await conn.handshake();
      return { open: () => Promise.resolve(tlsDuplex(conn)), close: () => void leave(conn) };
    },
    close(): void {},
  };
}

/** Ends and waits for the server's end: a socket closed before that lingers in Deno for seconds. */
async function leave(conn: Deno.TlsConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    await conn.closeWrite();
    while (await conn.read(buffer) !== null);
  } catch {
    // the server was faster
  } finally {
    conn.close();
  }
}
