import type { Address } from "@alknet/core";
import { ListenError } from "@alknet/core";
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

/** Ways for datagrams of one listener at once; the oldest makes room. */
const MAX_WAYS = 64;
/** Datagrams that wait for their way to open; more are lost, as datagrams are. */
const MAX_WAITING = 16;

/** Carries what comes to a local port for datagrams to one place, for each sender apart. */
export function forwardDatagrams(
  { listen, to }: LocalForward,
  source: SessionSource,
  onFailure: (error: unknown) => void,
): LocalListener {
  if (listen.kind !== "udp" || to.kind !== "udp") throw new TypeError("Not a forward of datagrams");
  const socket = bind(listen.address);
  const ways = new UdpWays(source, onFailure);
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
  _signal: AbortSignal,
): Promise<UdpAssociation> {
  const socket = bind({ hostname: "127.0.0.1", port: 0 });
  const ways = new UdpWays(source, () => {});
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

type Reply = (payload: Uint8Array) => void;

interface OpenWay {
  readonly waiting: Uint8Array[];
  way?: UdpWay;
  isClosed: boolean;
}

/** Ways that are opened when something is to be sent, and end when nothing has passed for long. */
class UdpWays {
  readonly #source: SessionSource;
  readonly #onFailure: (error: unknown) => void;
  readonly #open = new Map<string, OpenWay>();

  constructor(source: SessionSource, onFailure: (error: unknown) => void) {
    this.#source = source;
    this.#onFailure = onFailure;
  }

  /** Sends a datagram on the way of that name; what comes back goes to `reply`. */
  send(name: string, to: Address, payload: Uint8Array, reply: Reply): void {
    const open = this.#open.get(name) ?? this.#begin(name, to, reply);
    if (open.waiting.length < MAX_WAITING) open.waiting.push(payload);
    if (open.way) this.#flush(open, open.way);
  }

  /** Closes all. */
  close(): void {
    for (const name of [...this.#open.keys()]) this.#end(name);
  }

  #begin(name: string, to: Address, reply: Reply): OpenWay {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_WAYS && oldest !== undefined) this.#end(oldest);
    const open: OpenWay = { waiting: [], isClosed: false };
    this.#open.set(name, open);
    this.#run(open, to, reply).catch(this.#onFailure).finally(() => {
      if (this.#open.get(name) === open) this.#end(name);
    });
    return open;
  }

  async #run(open: OpenWay, to: Address, reply: Reply): Promise<void> {
    const way = await openUdp(await this.#source.session(), to);
    if (open.isClosed) return way.close();
    open.way = way;
    this.#flush(open, way);
    for await (const payload of way.incoming) reply(payload);
  }

  async #flush(open: OpenWay, way: UdpWay): Promise<void> {
    const waiting = open.waiting.splice(0);
    try {
      for (const payload of waiting) await way.send(payload);
    } catch {
      way.close(); // the connection is gone; the next datagram opens another way
    }
  }

  #end(name: string): void {
    const open = this.#open.get(name);
    this.#open.delete(name);
    if (!open) return;
    open.isClosed = true;
    open.way?.close();
  }
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
