import {
  type AuthContext,
  type Connection,
  forEachStream,
  type Handler,
  type HandlerContext,
  type IdentityProvider,
  type PeerAuth,
  type Stream,
  type TerminalService,
} from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import { checkedBanner } from "./auth/banner.ts";
import { SourceThrottle } from "./auth/source_throttle.ts";
import { type CipherLease, leaseCiphers } from "./engine/crypto/cipher_lease.ts";
import { IdentityCounter } from "./identity_counter.ts";
import { LiveSession, type SharedServices } from "./live_session.ts";
import { LiveSessions } from "./live_sessions.ts";
import { DEFAULT_SSH_LIMITS, type SshEvent, type SshOptions } from "./options.ts";
import { nodePtyProvider } from "./session/node_pty_adapter.ts";
import type { PtyProvider } from "./session/pty.ts";
import { scriptPtyProvider } from "./session/script_pty.ts";
import type { TerminalCounters } from "./terminal/limits.ts";
import { Terminals } from "./terminal/terminals.ts";

/** ALPN identifier of SSH over a stream. */
export const ALPN = "alknet/ssh";

/** A session as `alknet ssh who` shows it. */
export interface SshSessionInfo {
  /** Its number, for ending it. */
  readonly id: string;
  /** The peer that is logged in. */
  readonly peer: string;
  /** The name it logged in under. */
  readonly user: string;
  /** How it proved itself. */
  readonly method: string;
  /** Fingerprint of its key or certificate. */
  readonly fingerprint?: string;
  /** Where from. */
  readonly remote: string;
  /** What its program calls itself. */
  readonly client: string;
  /** When the connection began. */
  readonly openedAt: Date;
  /** Types of its open channels. */
  readonly channels: readonly string[];
}

/** What a stream brings along, wherever it comes from. */
export interface SshStreamContext {
  /** What the connection told. */
  readonly auth: AuthContext;
  /** Who keys belong to. */
  readonly identities: IdentityProvider;
  /** Aborts when the connection is over or the node shuts down. */
  readonly signal: AbortSignal;
}

/** The handler, and what runs in it. */
export interface SshHandler extends Handler {
  /** Serves SSH on one stream to its end, such as that of a plain socket. */
  serve(stream: Stream, context: SshStreamContext): Promise<void>;
  /** Who is logged in. */
  sessions(): SshSessionInfo[];
  /** Ends a session; false when there is none of that number. */
  end(id: string): boolean;
  /** Shells on terminals for other handlers, under the same rules as those of SSH. */
  readonly terminals: TerminalService;
  /** What became of those. */
  readonly terminalCounters: Readonly<TerminalCounters>;
  /** What terminals are made with here; undefined where there are none. */
  ptyName(): Promise<string | undefined>;
}

const log = getLogger(["alknet", "ssh"]);

/**
 * Makes the SSH handler: shells, commands, subsystems and forwarding on any stream, for peers by
 * their keys and certificates, within their scopes.
 *
 * @param options The host key, and what is offered.
 * @returns A handler to register on an endpoint.
 * @throws {SshOptionError} For a banner that a terminal should not show.
 *
 * @example
 * ```ts
 * import { ed25519HostKey, ssh } from "@alknet/ssh";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const handler = ssh({ hostKey: ed25519HostKey(crypto.getRandomValues(new Uint8Array(32))) });
 * deepStrictEqual(handler.alpn, ["alknet/ssh"]);
 * ```
 */
export function ssh(options: SshOptions): SshHandler {
  return new SshServer(options);
}

class SshServer implements SshHandler {
  readonly name = "ssh";
  readonly alpn: readonly string[] = [ALPN];
  readonly peerAuth: PeerAuth;
  readonly #shared: SharedServices;
  readonly #throttle: SourceThrottle;
  readonly #live = new LiveSessions();
  readonly #terminals: Terminals;
  /** Held from the first connection on, so that each need not open the library anew. */
  #ciphers?: Promise<CipherLease>;
  #pty?: Promise<PtyProvider | undefined>;

  constructor({ banner, ...rest }: SshOptions) {
    const options = { ...rest, banner: banner && checkedBanner(banner) };
    const limits = { ...DEFAULT_SSH_LIMITS, ...options.limits };
    this.peerAuth = options.acceptPeerProof ? "optional" : "none";
    this.#throttle = new SourceThrottle(limits);
    this.#shared = {
      options,
      limits,
      counter: new IdentityCounter(limits.maxForwards),
      pty: () => this.#pty ??= options.pty ? Promise.resolve(options.pty) : findPty(),
      report: (event) => this.#report(event),
    };
    this.#terminals = new Terminals(this.#shared, this.#live);
  }

  get terminals(): TerminalService {
    return this.#terminals;
  }

  get terminalCounters(): Readonly<TerminalCounters> {
    return this.#terminals.counters;
  }

  /** Each stream of a connection is an SSH connection of its own. */
  async accept(conn: Connection, { auth, identities, signal }: HandlerContext): Promise<void> {
    await forEachStream(conn, (stream) => this.serve(stream, { auth, identities, signal }));
  }

  async serve(stream: Stream, context: SshStreamContext): Promise<void> {
    const stranger = this.#throttle.enter(context.auth.remoteAddr.hostname);
    if (!stranger) return stream.reset();
    try {
      await (this.#ciphers ??= leaseCiphers());
      const id = this.#live.nextId();
      const live = new LiveSession(id, stream, { context, shared: this.#shared, stranger });
      this.#live.add(id, live);
      await live.run();
    } finally {
      stranger.leave();
    }
  }

  sessions(): SshSessionInfo[] {
    return this.#live.infos;
  }

  end(id: string): boolean {
    return this.#live.end(id, "ended by the node's owner");
  }

  async ptyName(): Promise<string | undefined> {
    return (await this.#shared.pty())?.name;
  }

  async shutdown(): Promise<void> {
    await this.#live.endAll();
    const ciphers = await this.#ciphers;
    ciphers?.[Symbol.dispose]();
  }

  #report(event: SshEvent): void {
    const { kind, remoteAddr, ...fields } = event;
    log.info(kind, { ...fields, remote: remoteAddr.hostname });
    this.#shared.options.onEvent?.(event);
  }
}

async function findPty(): Promise<PtyProvider | undefined> {
  return await nodePtyProvider() ?? await scriptPtyProvider();
}
