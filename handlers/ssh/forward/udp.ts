import type { Stream } from "@alknet/core";
import { readableFrom, writableFrom } from "@alknet/core/transport";

import type { ChannelOffer } from "../channel/multiplexer_hooks.ts";
import { DatagramFrames, frameDatagram } from "../wire/datagram_frames.ts";
import { allowedAddresses, destinationOf, serveForward } from "./outward.ts";
import type { ForwardServices } from "./services.ts";

/**
 * Channel type of datagrams to and from one host and port (docs/protocol/ssh-udp.md). It opens like
 * `direct-tcpip`, without where it comes from.
 */
export const UDP_CHANNEL = "direct-udp@alknet";

/** Serves a channel of {@linkcode UDP_CHANNEL}, under the rules and scopes of TCP. */
export async function serveDirectUdp(
  offer: ChannelOffer,
  services: ForwardServices,
): Promise<void> {
  const { host, port } = destinationOf(offer);
  await serveForward(offer, services, async (identity) => {
    const [hostname] = await allowedAddresses(host, port, identity, services) ?? [];
    if (hostname === undefined) return undefined;
    return new DatagramStream({ hostname, port }, services.limits.udpIdleMs);
  });
}

/** Datagrams to and from one place as a stream of frames. It ends by itself when nothing passes. */
class DatagramStream implements Stream {
  readonly #to: Deno.NetAddr;
  readonly #socket: Deno.DatagramConn;
  readonly #frames = new DatagramFrames();
  readonly #idleMs: number;
  #idle: ReturnType<typeof setTimeout>;
  #rest = new Uint8Array(0);
  #closed = false;

  constructor({ hostname, port }: { hostname: string; port: number }, idleMs: number) {
    this.#to = { transport: "udp", hostname, port };
    const any = hostname.includes(":") ? "::" : "0.0.0.0";
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: any, port: 0 });
    this.#idleMs = idleMs;
    this.#idle = setTimeout(() => this.reset(), idleMs);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#rest.length === 0) {
      const datagram = await this.#receive();
      if (!datagram) return null;
      this.#rest = frameDatagram(datagram);
    }
    const part = this.#rest.subarray(0, buffer.length);
    buffer.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (const datagram of this.#frames.push(bytes)) {
      this.#stayAwake();
      // Datagrams get lost: nobody listening there, too long for the way, no way at all.
      await this.#socket.send(datagram, this.#to).catch(() => {});
    }
  }

  closeWrite(): Promise<void> {
    this.reset();
    return Promise.resolve();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return readableFrom(this, () => this.reset());
  }

  get writable(): WritableStream<Uint8Array> {
    return writableFrom(this, () => this.reset());
  }

  reset(): void {
    clearTimeout(this.#idle);
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  /** What others send to the port is not the client's. */
  async #receive(): Promise<Uint8Array | undefined> {
    const buffer = new Uint8Array(65_536);
    while (!this.#closed) {
      try {
        const [datagram, from] = await this.#socket.receive(buffer);
        if (this.#isFromThere(from)) {
          this.#stayAwake();
          return datagram;
        }
      } catch {
        if (this.#closed) return undefined;
        await new Promise((resolve) => setTimeout(resolve)); // an ICMP error of an earlier send
      }
    }
    return undefined;
  }

  #isFromThere(from: Deno.Addr): boolean {
    return "hostname" in from && from.hostname === this.#to.hostname && from.port === this.#to.port;
  }

  #stayAwake(): void {
    clearTimeout(this.#idle);
    if (!this.#closed) this.#idle = setTimeout(() => this.reset(), this.#idleMs);
  }
}
