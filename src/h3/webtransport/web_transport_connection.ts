import type {
  Address,
  CarriedConnection,
  CloseInfo,
  Connection,
  Datagrams,
  Identity,
  Stream,
  Traffic,
  TransportName,
  UniStreams,
} from "@alknet/core";

import type { WebTransportSession } from "../web_transport_session.ts";

/** What a session cannot know of itself. */
export interface WebTransportConnectionOptions {
  /** The protocol it carries. */
  readonly alpn: string;
  /** The peer's address. */
  readonly remoteAddr: Address;
  /** The name the client asked for. */
  readonly serverName?: string;
  /** Who the peer is, as of now. Default: a stranger. */
  identity?(): Identity | undefined;
}

/**
 * A WebTransport session as a connection for the handler of any ALPN, which cannot tell it from one
 * over QUIC.
 *
 * @param session The session, accepted or dialled.
 * @param options The ALPN, and who is at the other end.
 *
 * @example
 * ```ts
 * import { webTransportConnection, type WebTransportSession } from "@alknet/h3";
 *
 * function carry(session: WebTransportSession): Promise<unknown> {
 *   const remoteAddr = { hostname: "192.0.2.7", port: 443 };
 *   const conn = webTransportConnection(session, { alpn: "alknet/call", remoteAddr });
 *   return conn.closed;
 * }
 * console.assert(carry.length === 1);
 * ```
 */
export function webTransportConnection(
  session: WebTransportSession,
  options: WebTransportConnectionOptions,
): Connection & CarriedConnection {
  return new WebTransportConnection(session, options);
}

class WebTransportConnection implements Connection, CarriedConnection {
  readonly transport: TransportName = "webtransport";
  readonly alpn: string;
  readonly remoteAddr: Address;
  readonly serverName?: string;
  readonly #session: WebTransportSession;
  readonly #identity?: () => Identity | undefined;

  constructor(session: WebTransportSession, options: WebTransportConnectionOptions) {
    this.#session = session;
    this.alpn = options.alpn;
    this.remoteAddr = options.remoteAddr;
    this.serverName = options.serverName;
    this.#identity = options.identity;
  }

  get identity(): Identity | undefined {
    return this.#identity?.();
  }

  get streams(): AsyncIterable<Stream> {
    return this.#session.streams;
  }

  get uni(): UniStreams {
    return this.#session.uni;
  }

  get datagrams(): Datagrams {
    return this.#session.datagrams;
  }

  get closed(): Promise<CloseInfo> {
    return this.#session.closed;
  }

  get signal(): AbortSignal {
    return this.#session.signal;
  }

  get traffic(): Readonly<Traffic> {
    return this.#session.traffic;
  }

  stopAccepting(): void {
    this.#session.stopAccepting();
  }

  openStream(): Promise<Stream> {
    return this.#session.openStream();
  }

  close(code?: number, reason?: string): void {
    this.#session.close(code, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
