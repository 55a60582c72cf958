import type { Address } from "@alknet/core";

import type { Channel } from "../channel/channel.ts";
import { UDP_CHANNEL } from "../forward/udp.ts";
import { DatagramFrames, frameDatagram } from "../wire/datagram_frames.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import type { SshClientSession } from "./client_session.ts";

const NOWHERE: Address = { hostname: "127.0.0.1", port: 0 };
const BUFFER_BYTES = 65_536;

/**
 * Opens a way to a host and port, as the server reaches them (RFC 4254 section 7.2).
 *
 * @param to A name, for the server to resolve, or an address.
 * @param from Who asked for it, for the server's log.
 * @throws {ChannelRefusedError} When the server does not let, or cannot get, there.
 */
export async function openTcp(
  { multiplexer }: SshClientSession,
  to: Address,
  from: Address = NOWHERE,
): Promise<Channel> {
  const data = new SshWriter().string(to.hostname).uint32(to.port)
    .string(from.hostname).uint32(from.port);
  return await multiplexer.open("direct-tcpip", data.finish());
}

/**
 * Opens a way to a Unix socket of the server's machine (OpenSSH PROTOCOL section 2.4).
 *
 * @throws {ChannelRefusedError} As {@linkcode openTcp}.
 */
export async function openSocket(
  { multiplexer }: SshClientSession,
  path: string,
): Promise<Channel> {
  const data = new SshWriter().string(path).string("").uint32(0);
  return await multiplexer.open("direct-streamlocal@openssh.com", data.finish());
}

/** Datagrams to and from one host and port, as the server reaches them. */
export interface UdpWay {
  /** Sends one, waiting while the connection is slow. */
  send(payload: Uint8Array): Promise<void>;
  /** Datagrams that come back, until the way is closed, or nothing has passed for a while. */
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Closes it. */
  close(): void;
}

/**
 * Opens a way for datagrams (docs/protocol/ssh-udp.md).
 *
 * @throws {ChannelRefusedError} As {@linkcode openTcp}, and where the server is not alknet's.
 */
export async function openUdp(
  { multiplexer }: SshClientSession,
  { hostname, port }: Address,
): Promise<UdpWay> {
  const data = new SshWriter().string(hostname).uint32(port).finish();
  const channel = await multiplexer.open(UDP_CHANNEL, data);
  return {
    send: (payload) => channel.write(frameDatagram(payload)),
    incoming: datagramsOf(channel),
    close: () => channel.close(),
  };
}

async function* datagramsOf(channel: Channel): AsyncGenerator<Uint8Array> {
  const frames = new DatagramFrames();
  const buffer = new Uint8Array(BUFFER_BYTES);
  try {
    for (let n = await channel.read(buffer); n !== null; n = await channel.read(buffer)) {
      yield* frames.push(buffer.subarray(0, n));
    }
  } finally {
    channel.close();
  }
}
