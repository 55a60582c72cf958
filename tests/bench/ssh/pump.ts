/**
 * What stands between OpenSSH's client and QUIC or TLS: `pump.ts TARGET` listens on a port of
 * loopback for each and dials the node for every connection. It prints the ports as JSON. A process
 * that is there already, so that starting Deno is no part of a login's time.
 */
import { dial } from "@alknet/client";
import type { Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";
import { ALPN } from "@alknet/ssh";

const BUFFER_BYTES = 65_536;

const [target = ""] = Deno.args;
const ports = { quic: listen("quic"), tls: listen("tls") };
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(ports)}\n`));

function listen(transport: "quic" | "tls"): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  accept(listener, transport);
  return listener.addr.port;
}

async function accept(listener: Deno.TcpListener, transport: "quic" | "tls"): Promise<void> {
  for await (const socket of listener) {
    socket.setNoDelay(true);
    const local = socketStream(socket);
    pump(local, transport).catch(() => local.reset());
  }
}

async function pump(local: Stream, transport: "quic" | "tls"): Promise<void> {
  const conn = await dial(target, { alpn: ALPN, transports: [transport] });
  try {
    const remote = await conn.openStream();
    await Promise.all([copy(local, remote), copy(remote, local)]);
  } finally {
    conn.close();
    local.reset();
  }
}

async function copy(from: Stream, to: Stream): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let count = await from.read(buffer); count; count = await from.read(buffer)) {
    await to.write(buffer.slice(0, count));
  }
  await to.closeWrite();
}
