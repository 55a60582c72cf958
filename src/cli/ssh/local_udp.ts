import { type Address, ListenError } from "@alknet/core";
import { openUdp, type UdpWay } from "@alknet/ssh";
import {
  decodeSocksDatagram,
  encodeSocksDatagram,
  ProxyProtocolError,
  type UdpAssociation,
} from "@alknet/socks";
import type { LocalForward } from "./forward_spec.ts";
import type { LocalListener } from "./local_listener.ts";
import type { SessionSource } from "./session_link.ts";
import { UdpWays } from "./udp_ways.ts";

/** Carries what comes to a local port for datagrams to one place, for each sender apart. */
export function forwardDatagrams(
  { listen, to }: LocalForward,
  source: SessionSource,
  onFailure: (error: unknown) => void,
): LocalListener {
  if (listen.kind !== "udp" || to.kind !== "udp") throw new TypeError("Not a forward of datagrams");
  const socket = bind(listen.address);
  const ways = new UdpWays(waysOf(source), onFailure);
  const receiving = receive(socket, (datagram, from) => {
    const reply = (payload: Uint8Array): void => void socket.send(payload, from).catch(() => {});
    ways.send(`${from.hostname}:${from.port}`, to.address, datagram, reply);
  });
  const { hostname, port } = socket.addr as Deno.NetAddr;
  return {
    where: `${hostname}:${port}`,
    async [Symbol.asyncDispose](): Promise<void> {
      socket.close();
      ways.close();
      await receiving;
    },
  };
}

/**
 * An association of SOCKS 5 (RFC 1928 section 7) on loopback: for the first sender alone, and for
 * each place it sends to a way of its own.
 */
export function openAssociation(
  source: SessionSource,
): Promise<UdpAssociation> {
  const socket = bind({ hostname: "127.0.0.1", port: 0 });
  const ways = new UdpWays(waysOf(source));
  let client: Deno.NetAddr | undefined;
  const receiving = receive(socket, (bytes, from) => {
    client ??= from;
    if (client.port !== from.port || client.hostname !== from.hostname) return;
    const datagram = decoded(bytes);
    if (!datagram) return;
    const { address, payload } = datagram;
    const reply = (answer: Uint8Array): void =>
      void socket.send(encodeSocksDatagram({ address, payload: answer }), from).catch(() => {});
    ways.send(`${address.hostname}:${address.port}`, address, payload, reply);
  });
  return Promise.resolve({
    bound: socket.addr as Deno.NetAddr,
    async [Symbol.asyncDispose](): Promise<void> {
      socket.close();
      ways.close();
      await receiving;
    },
  });
}

function waysOf(source: SessionSource): (to: Address) => Promise<UdpWay> {
  return async (to) => await openUdp(await source.session(), to);
}

async function receive(
  socket: Deno.DatagramConn,
  take: (datagram: Uint8Array, from: Deno.NetAddr) => void,
): Promise<void> {
  try {
    for await (const [datagram, from] of socket) {
      if ("hostname" in from) take(datagram.slice(), from as Deno.NetAddr);
    }
  } catch {
    return; // closed
  }
}

function bind({ hostname, port }: Address): Deno.DatagramConn {
  try {
    return Deno.listenDatagram({ transport: "udp", hostname, port });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ListenError(`Cannot listen on ${hostname}:${port}: ${detail}`, { cause });
  }
}

function decoded(bytes: Uint8Array): ReturnType<typeof decodeSocksDatagram> {
  try {
    return decodeSocksDatagram(bytes);
  } catch (error) {
    if (error instanceof ProxyProtocolError) return undefined; // lost, as datagrams are
    throw error;
  }
}
