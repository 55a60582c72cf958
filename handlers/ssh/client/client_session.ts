import type { Stream } from "@alknet/core";

import type { ChannelLimits } from "../channel/limits.ts";
import { Multiplexer } from "../channel/multiplexer.ts";
import type { MultiplexerHooks } from "../channel/multiplexer_hooks.ts";
import type { PacketTransport, TransportLimits } from "../engine/packet_transport.ts";
import { openTransport } from "../engine/ssh2_adapter.ts";
import { DisconnectReason, SshHostKeyError } from "../errors.ts";
import { ClientLink } from "./client_link.ts";
import { type ClientLoginOptions, logIn } from "./login.ts";

/** Bounds of a client's session beside those of its channels and transport. */
export interface ClientLimits {
  /** Time to agree on keys and log in, questions of a person included. Default: 120,000. */
  readonly loginTimeoutMs: number;
  /** Silence after which the server is asked for a sign of life. Default: 15,000. */
  readonly keepAliveMs: number;
  /** Signs of life that may stay away before the session ends. Default: 3. */
  readonly maxMissedKeepAlives: number;
}

/** What a client's session uses where nothing else is said. */
export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  loginTimeoutMs: 120_000,
  keepAliveMs: 15_000,
  maxMissedKeepAlives: 3,
};

/** What {@linkcode SshClientSession.connect} is told. */
export interface ClientSessionOptions extends ClientLoginOptions {
  /** Whether the server's key, in wire form, is the right one. */
  verifyHostKey(key: Uint8Array): boolean;
  /** Told what the server says to whoever logs in. Default: nobody is. */
  onBanner?(text: string): void;
  /** What the server may open and ask. Default: nothing. */
  readonly hooks?: MultiplexerHooks;
  /** Bounds that differ from {@linkcode DEFAULT_CLIENT_LIMITS}. */
  readonly limits?: Partial<ClientLimits>;
  /** Bounds of channels. */
  readonly channelLimits?: Partial<ChannelLimits>;
  /** Bounds of the transport. */
  readonly transportLimits?: Partial<TransportLimits>;
}

const IDENT = "alknet";

/** The client's side of one SSH connection, logged in. */
export class SshClientSession implements AsyncDisposable {
  /** Channels and requests. */
  readonly multiplexer: Multiplexer;
  /** Resolves when the connection is over, to what ended it, if it was a fault. */
  readonly ended: Promise<Error | undefined>;
  readonly #link: ClientLink;
  readonly #stream: Stream;
  readonly #limits: ClientLimits;
  #missedKeepAlives = 0;
  #askedAt = 0;

  private constructor(
    stream: Stream,
    link: ClientLink,
    { hooks = {}, limits, channelLimits }: ClientSessionOptions,
  ) {
    this.#stream = stream;
    this.#link = link;
    this.#limits = { ...DEFAULT_CLIENT_LIMITS, ...limits };
    this.multiplexer = new Multiplexer(link.transport, hooks, channelLimits);
    link.handOver(this.multiplexer);
    const timer = setInterval(() => this.#keepAlive(), this.#limits.keepAliveMs);
    this.ended = link.ended.finally(() => clearInterval(timer));
  }

  /**
   * Logs in over a stream.
   *
   * @throws {SshAuthError} When the server does not accept any of the keys.
   * @throws {SshHostKeyError} When the server shows another key; nothing was told to it by then.
   * @throws {SshProtocolError} When the server breaks the protocol, or takes too long.
   * @throws {ConnectionClosedError} When the stream ends too early.
   */
  static async connect(stream: Stream, options: ClientSessionOptions): Promise<SshClientSession> {
    let isOtherKey = false;
    const verifyHostKey = (key: Uint8Array): boolean => {
      const isRight = options.verifyHostKey(key);
      isOtherKey = !isRight;
      return isRight;
    };
    const { transportLimits: limits } = options;
    const transport = openTransport(stream, { verifyHostKey, ident: IDENT, limits });
    const link = new ClientLink(transport, options.onBanner?.bind(options));
    const timer = setTimeout(
      () => stream.reset(),
      options.limits?.loginTimeoutMs ?? DEFAULT_CLIENT_LIMITS.loginTimeoutMs,
    );
    try {
      await link.unlessEnded(transport.ready);
      await logIn(link, options);
      return new SshClientSession(stream, link, options);
    } catch (error) {
      await giveUp(transport, stream);
      throw isOtherKey ? new SshHostKeyError(error) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the server calls itself. */
  get serverIdent(): string {
    return this.#link.transport.peerIdent;
  }

  /** What the server said when it ended the connection, if it did. */
  get farewell(): string | undefined {
    return this.#link.farewell;
  }

  /** Ends the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.multiplexer.end("closed");
    await giveUp(this.#link.transport, this.#stream);
    await this.ended;
  }

  /** A server that is gone shows on some transports only by its silence. */
  #keepAlive(): void {
    const { keepAliveMs, maxMissedKeepAlives } = this.#limits;
    const { heardAt } = this.#link;
    if (heardAt > this.#askedAt) this.#missedKeepAlives = 0;
    if (performance.now() - heardAt < keepAliveMs) return;
    if (this.#missedKeepAlives++ >= maxMissedKeepAlives) {
      this.multiplexer.end("no sign of life");
      return this.#stream.reset();
    }
    this.#askedAt = performance.now();
    this.multiplexer.ask("keepalive@openssh.com");
  }
}

/**
 * The key that the server at the other end of a stream proves to have, without logging in.
 *
 * @param stream Used up by this.
 * @returns The key in wire form.
 */
export async function readHostKey(stream: Stream): Promise<Uint8Array> {
  let key = new Uint8Array(0);
  const verifyHostKey = (shown: Uint8Array): boolean => {
    key = new Uint8Array(shown);
    return true;
  };
  const transport = openTransport(stream, { verifyHostKey, ident: IDENT });
  const link = new ClientLink(transport);
  try {
    await link.unlessEnded(transport.ready);
    return key;
  } finally {
    await giveUp(transport, stream);
    await link.ended;
  }
}

async function giveUp(transport: PacketTransport, stream: Stream): Promise<void> {
  await transport.close(DisconnectReason.ByApplication, "");
  stream.reset();
}
