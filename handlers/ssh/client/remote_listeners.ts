import type { Address, Stream } from "@alknet/core";

import type { ChannelOffer, MultiplexerHooks } from "../channel/multiplexer_hooks.ts";
import { ChannelRefusedError, OpenFailure } from "../errors.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import type { SshClientSession } from "./client_session.ts";

/** Takes what comes to a port or socket of the other side: a stream, and where it comes from. */
export type OnIncoming = (stream: Stream, from?: Address) => void;

const DEFAULT_ERROR = "The server does not listen there";

/**
 * Ports and sockets that a server listens on for its client (RFC 4254 section 7.1). Its hooks go
 * into the session's options; only what was asked for is let in.
 */
export class RemoteListeners {
  readonly #tcp = new Map<string, OnIncoming>();
  readonly #sockets = new Map<string, OnIncoming>();
  readonly #onAgent?: OnIncoming;

  /** `onAgent` takes ways to the SSH agent, where that is lent. Default: it is not. */
  constructor(onAgent?: OnIncoming) {
    this.#onAgent = onAgent;
  }

  /** For {@linkcode ClientSessionOptions}. */
  get hooks(): MultiplexerHooks {
    return { onChannel: (offer) => this.#open(offer) };
  }

  /**
   * Has the server listen on a port.
   *
   * @param at Where; port 0 for any.
   * @returns The port.
   * @throws {ChannelRefusedError} When it does not.
   */
  async listenTcp(
    { multiplexer }: SshClientSession,
    at: Address,
    onIncoming: OnIncoming,
  ): Promise<number> {
    const data = new SshWriter().string(at.hostname).uint32(at.port).finish();
    const known = at.port !== 0;
    // Before the answer: the first connection may come with it.
    if (known) this.#tcp.set(tcpKey(at.hostname, at.port), onIncoming);
    const answer = await multiplexer.ask("tcpip-forward", data);
    if (answer === false) {
      this.#tcp.delete(tcpKey(at.hostname, at.port));
      throw new ChannelRefusedError(OpenFailure.Prohibited, DEFAULT_ERROR);
    }
    const port = known ? at.port : new SshReader(answer).uint32();
    this.#tcp.set(tcpKey(at.hostname, port), onIncoming);
    return port;
  }

  /**
   * Has the server listen on a Unix socket.
   *
   * @throws {ChannelRefusedError} When it does not.
   */
  async listenSocket(
    { multiplexer }: SshClientSession,
    path: string,
    onIncoming: OnIncoming,
  ): Promise<void> {
    this.#sockets.set(path, onIncoming);
    const data = new SshWriter().string(path).finish();
    if (await multiplexer.ask("streamlocal-forward@openssh.com", data) !== false) return;
    this.#sockets.delete(path);
    throw new ChannelRefusedError(OpenFailure.Prohibited, DEFAULT_ERROR);
  }

  #open(offer: ChannelOffer): void {
    const { take, from } = this.#takerOf(offer);
    if (take) take(offer.accept(), from);
    else offer.reject(OpenFailure.Prohibited, "not asked for");
  }

  #takerOf({ type, data }: ChannelOffer): { take?: OnIncoming; from?: Address } {
    const reader = new SshReader(data);
    switch (type) {
      case "forwarded-tcpip": {
        const take = this.#tcp.get(tcpKey(reader.text(), reader.uint32()));
        return { take, from: { hostname: reader.text(), port: reader.uint32() } };
      }
      case "forwarded-streamlocal@openssh.com":
        return { take: this.#sockets.get(reader.text()) };
      case "auth-agent@openssh.com":
        return { take: this.#onAgent };
      default:
        return {};
    }
  }
}

function tcpKey(hostname: string, port: number): string {
  return `${hostname}\0${port}`;
}
