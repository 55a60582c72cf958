import type { Stream } from "@alknet/core";

import type { Login, LoginPolicy } from "./auth/login.ts";
import { type AuthFailure, type AuthLimits, UserAuth } from "./auth/user_auth.ts";
import type { ChannelLimits } from "./channel/limits.ts";
import { Multiplexer } from "./channel/multiplexer.ts";
import type { MultiplexerHooks } from "./channel/multiplexer_hooks.ts";
import type { HostKey, PacketTransport, TransportLimits } from "./engine/packet_transport.ts";
import { openTransport } from "./engine/ssh2_adapter.ts";
import { DisconnectReason, SshProtocolError } from "./errors.ts";
import { Message } from "./wire/message.ts";

/** Bounds of a server's session beside those of its parts. */
export interface SessionLimits extends AuthLimits {
  /** Silence after which the client is asked for a sign of life. Default: 30,000. */
  readonly keepAliveMs: number;
  /** Signs of life that may stay away before the session ends. Default: 3. */
  readonly maxMissedKeepAlives: number;
}

/** What {@linkcode SshServerSession} is given. */
export interface ServerSessionOptions {
  /** The server's key. */
  readonly hostKey: HostKey;
  /** What the server calls itself after `SSH-2.0-`. */
  readonly ident: string;
  /** Who may log in. */
  readonly policy: LoginPolicy;
  /** What is shown to everybody before the login. Default: nothing. */
  readonly banner?: string;
  /** Bounds of authentication and signs of life. */
  readonly limits: SessionLimits;
  /** Bounds of channels. */
  readonly channelLimits?: Partial<ChannelLimits>;
  /** Bounds of the transport. */
  readonly transportLimits?: Partial<TransportLimits>;
  /** Somebody has logged in: says what may be opened and asked. */
  onLogin(login: Login, session: SshServerSession): MultiplexerHooks;
  /** Somebody could not. */
  onAuthFailure?(failure: AuthFailure): void;
}

/** How a session ended. */
export interface SessionEnd {
  /** Who was logged in, if anybody. */
  readonly login?: Login;
  /** The client's fault, where it broke the protocol. */
  readonly fault?: SshProtocolError;
  /** Why this side ended it, where it did. */
  readonly reason?: string;
}

const LINGER_MS = 500;

const REASON_TEXT: Readonly<Record<number, string>> = {
  [DisconnectReason.ProtocolError]: "protocol error",
  [DisconnectReason.KeyExchangeFailed]: "no common key exchange",
  [DisconnectReason.ServiceNotAvailable]: "no such service",
  [DisconnectReason.NoMoreAuthMethods]: "too many authentication failures",
};

/**
 * The server's side of one SSH connection: keys, then authentication, then channels.
 *
 * ```text
 * transport ready → UserAuth → (login) → Multiplexer → end
 * ```
 */
export class SshServerSession {
  readonly #options: ServerSessionOptions;
  readonly #stream: Stream;
  readonly #transport: PacketTransport;
  #auth?: UserAuth;
  #login?: Login;
  #multiplexer?: Multiplexer;
  #endReason?: string;
  #isOver = false;
  #lastResort?: ReturnType<typeof setTimeout>;
  #heardAt = performance.now();
  #missedKeepAlives = 0;

  /** Takes a stream over; nothing happens before {@linkcode SshServerSession.run}. */
  constructor(stream: Stream, options: ServerSessionOptions) {
    this.#options = options;
    this.#stream = stream;
    const { hostKey, ident, transportLimits: limits } = options;
    this.#transport = openTransport(stream, { hostKey, ident, limits });
  }

  /** Who is logged in. */
  get login(): Login | undefined {
    return this.#login;
  }

  /** Channels and requests, once somebody is logged in. */
  get multiplexer(): Multiplexer | undefined {
    return this.#multiplexer;
  }

  /** What the client calls itself. */
  get clientIdent(): string {
    return this.#transport.peerIdent;
  }

  /** Serves the connection to its end. Rejects only for faults of this side. */
  async run(): Promise<SessionEnd> {
    const grace = setTimeout(() => this.#graceOver(), this.#options.limits.loginGraceMs);
    const keepAlive = setInterval(() => this.#keepAlive(), this.#options.limits.keepAliveMs);
    let fault: SshProtocolError | undefined;
    try {
      await this.#transport.run((payload) => this.#onMessage(payload));
    } catch (error) {
      if (error instanceof SshProtocolError) fault = error;
      else if (!isPeerGone(error)) throw error;
    } finally {
      clearTimeout(grace);
      clearInterval(keepAlive);
      clearTimeout(this.#lastResort);
      this.#isOver = true;
      this.#multiplexer?.end(this.#endReason ?? "connection closed");
      const reason = fault?.reason ?? DisconnectReason.ByApplication;
      await this.#transport.close(reason, REASON_TEXT[reason] ?? "");
    }
    return { login: this.#login, fault, reason: this.#endReason };
  }

  /** Ends the session from this side. */
  end(text: string, reason: DisconnectReason = DisconnectReason.ByApplication): void {
    this.#endReason ??= text;
    this.#multiplexer?.end(text);
    this.#transport.close(reason, text);
    // The client is given a moment to read that.
    if (!this.#isOver) this.#lastResort ??= setTimeout(() => this.#stream.reset(), LINGER_MS);
  }

  /** Ends the session of somebody whose permission was withdrawn or has expired. */
  reauthorize(): void {
    if (this.#login && !this.#login.identity()) this.end("permission withdrawn");
  }

  #onMessage(payload: Uint8Array): void | Promise<void> {
    this.#heardAt = performance.now();
    this.#missedKeepAlives = 0;
    switch (payload[0]) {
      case Message.Disconnect:
        return this.#clientLeft();
      case Message.Ignore:
      case Message.Unimplemented:
      case Message.Debug:
      case Message.ExtInfo:
        return;
    }
    if (!this.#multiplexer) return this.#authenticate(payload);
    // RFC 4252 section 5.1: requests after success are ignored.
    if (payload[0] === Message.UserauthRequest) return;
    this.#multiplexer.handle(payload);
  }

  #clientLeft(): void {
    const endedHere = this.#endReason;
    this.end("client disconnected");
    this.#endReason = endedHere;
  }

  async #authenticate(payload: Uint8Array): Promise<void> {
    const { policy, limits, banner, onAuthFailure } = this.#options;
    this.#auth ??= new UserAuth({
      sessionId: this.#transport.sessionId,
      policy,
      limits,
      banner,
      send: (reply) => this.#transport.send(reply),
      onFailure: (failure) => onAuthFailure?.(failure),
    });
    const login = await this.#auth.handle(payload);
    if (!login) return;
    this.#login = login;
    const hooks = this.#options.onLogin(login, this);
    this.#multiplexer = new Multiplexer(this.#transport, hooks, this.#options.channelLimits);
  }

  #graceOver(): void {
    if (!this.#login) this.end("login took too long");
  }

  /** A client that was killed leaves no trace on some transports. */
  #keepAlive(): void {
    this.reauthorize();
    const { keepAliveMs, maxMissedKeepAlives } = this.#options.limits;
    if (!this.#multiplexer || performance.now() - this.#heardAt < keepAliveMs) return;
    if (this.#missedKeepAlives++ >= maxMissedKeepAlives) {
      return this.end("no sign of life", DisconnectReason.ConnectionLost);
    }
    this.#multiplexer.ask("keepalive@openssh.com");
  }
}

function isPeerGone(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "ConnectionClosedError" || error.name === "StreamClosedError");
}
