import { ConnectionClosedError, type Stream } from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import type { Login } from "./auth/login.ts";
import { loginPolicy } from "./auth/login_policy.ts";
import type { Stranger } from "./auth/source_throttle.ts";
import type { Channel } from "./channel/channel.ts";
import type { ChannelOffer, MultiplexerHooks } from "./channel/multiplexer_hooks.ts";
import { OpenFailure } from "./errors.ts";
import { InwardForwards } from "./forward/inward.ts";
import { serveDirectSocket, serveDirectTcp } from "./forward/outward.ts";
import type { ForwardServices } from "./forward/services.ts";
import { IdleWatch } from "./idle_watch.ts";
import { serveDirectUdp, UDP_CHANNEL } from "./forward/udp.ts";
import type { IdentityCounter } from "./identity_counter.ts";
import type { Live } from "./live_sessions.ts";
import type { SshEvent, SshLimits, SshOptions } from "./options.ts";
import { SshServerSession } from "./server_session.ts";
import { type Account, nodeAccount } from "./session/account.ts";
import { DEFAULT_ENV_PATTERNS } from "./session/environment.ts";
import { haveEnded } from "./session/program.ts";
import type { PtyProvider } from "./session/pty.ts";
import type { SessionServices } from "./session/services.ts";
import { SessionChannel } from "./session/session_channel.ts";
import type { SshSessionInfo, SshStreamContext } from "./ssh.ts";

/** What all sessions of a handler share. */
export interface SharedServices {
  /** What the handler was told. */
  readonly options: SshOptions;
  /** Its bounds, complete. */
  readonly limits: SshLimits;
  /** Open forwards of each identity. */
  readonly counter: IdentityCounter;
  /** Makes terminals. */
  pty(): Promise<PtyProvider | undefined>;
  /** Tells what happened. */
  report(event: SshEvent): void;
}

/** What a session belongs to. */
export interface LiveSessionOptions {
  readonly context: SshStreamContext;
  readonly shared: SharedServices;
  /** Its place among those that have not logged in. */
  readonly stranger: Stranger;
}

const log = getLogger(["alknet", "ssh"]);

/** What the server calls itself; AsyncSSH and libssh look for "OpenSSH" to order SFTP arguments. */
const IDENT = "alknet OpenSSH_compatible";

/** One SSH connection of the handler: the session and everything that opens within it. */
export class LiveSession implements Live {
  /** Resolves when it is over. */
  readonly ended: Promise<void>;
  readonly #id: string;
  readonly #openedAt = new Date();
  readonly #options: LiveSessionOptions;
  readonly #session: SshServerSession;
  readonly #abort = new AbortController();
  readonly #resolveEnded: () => void;
  #pty?: PtyProvider;
  #forwards?: InwardForwards;
  readonly #sessions = new Map<Channel, SessionChannel>();
  #idleWatch?: IdleWatch;
  #noMoreSessions = false;
  #isOver = false;

  /** Takes a stream over. */
  constructor(id: string, stream: Stream, options: LiveSessionOptions) {
    this.#id = id;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    const { context: { identities, auth }, shared } = options;
    this.#session = new SshServerSession(stream, {
      ...shared.options,
      ident: IDENT,
      policy: loginPolicy(identities, auth, shared.options),
      limits: shared.limits,
      onLogin: (login) => this.#onLogin(login),
      onAuthFailure: ({ user, method }) => this.#report("auth.ssh-refused", { user, method }),
    });
  }

  /** What it shows of itself; undefined until somebody is logged in. */
  get info(): SshSessionInfo | undefined {
    const { login, clientIdent, multiplexer } = this.#session;
    const peer = login?.identity()?.id;
    if (!login || peer === undefined || this.#isOver) return undefined;
    const { hostname, port } = this.#options.context.auth.remoteAddr;
    return {
      id: this.#id,
      peer,
      user: login.user,
      method: login.method,
      fingerprint: login.fingerprint,
      remote: `${hostname}:${port}`,
      client: clientIdent,
      openedAt: this.#openedAt,
      channels: multiplexer?.channels.map(({ type }) => type) ?? [],
    };
  }

  /** Serves the connection to its end. */
  async run(): Promise<void> {
    const { context: { identities, signal }, shared, stranger } = this.#options;
    const stopListening = identities.onChange(() => this.#session.reauthorize());
    const shutDown = (): void => {
      const isLost = signal.reason instanceof ConnectionClosedError;
      this.end(isLost ? "connection lost" : "node is shutting down");
    };
    signal.addEventListener("abort", shutDown, { once: true });
    try {
      this.#pty = await shared.pty();
      if (signal.aborted) shutDown();
      const { login, reason, fault } = await this.#session.run();
      if (fault) log.debug("ssh.broken", { session: this.#id, error: fault, cause: fault.cause });
      if (login) this.#report("ssh.logout", { ...whoOf(login), reason });
      else stranger.fail();
    } finally {
      signal.removeEventListener("abort", shutDown);
      this.#idleWatch?.[Symbol.dispose]();
      stopListening();
      this.#abort.abort();
      this.#isOver = true;
      await haveEnded([...this.#sessions.values()].map(({ ended }) => ended));
      await this.#forwards?.[Symbol.asyncDispose]();
      this.#resolveEnded();
    }
  }

  /** Ends it. */
  end(reason: string): void {
    this.#session.end(reason);
  }

  #onLogin(login: Login): MultiplexerHooks {
    this.#options.stranger.welcome();
    this.#report("ssh.login", { ...whoOf(login), peer: login.identity()?.id });
    this.#idleWatch = this.#watchIdleness();
    const forwarding = this.#forwardServices(login);
    const forwards = this.#forwards = new InwardForwards(forwarding);
    const services = this.#sessionServices(login, forwards);
    return {
      onChannel: (offer) => this.#open(offer, services, forwarding),
      onRequest: (request) => {
        if (request.name === "no-more-sessions@openssh.com") this.#noMoreSessions = true;
        return forwards.request(request);
      },
    };
  }

  #open(offer: ChannelOffer, services: SessionServices, forwarding: ForwardServices): void {
    switch (offer.type) {
      case "session":
        if (this.#noMoreSessions) return offer.reject(OpenFailure.Prohibited, "no more sessions");
        return this.#openSession(offer, services);
      case "direct-tcpip":
        serveDirectTcp(offer, forwarding).catch(() => this.#malformed(offer));
        return;
      case "direct-streamlocal@openssh.com":
        serveDirectSocket(offer, forwarding).catch(() => this.#malformed(offer));
        return;
      case UDP_CHANNEL:
        serveDirectUdp(offer, forwarding).catch(() => this.#malformed(offer));
        return;
      default:
        return offer.reject(OpenFailure.UnknownType, "no such channel");
    }
  }

  #openSession(offer: ChannelOffer, services: SessionServices): void {
    const channel = offer.accept();
    const session = new SessionChannel(channel, services);
    this.#sessions.set(channel, session);
    channel.closed.then(() => session.ended).then(() => this.#sessions.delete(channel));
  }

  #watchIdleness(): IdleWatch {
    return new IdleWatch(this.#options.shared.limits, {
      channels: () => this.#session.multiplexer?.channels ?? [],
      closeChannel: (channel) => {
        log.info("ssh.idle-channel", { session: this.#id, type: channel.type });
        this.#sessions.get(channel)?.end();
        channel.close();
      },
      endConnection: () => this.end("nothing was open for too long"),
    });
  }

  #malformed(offer: ChannelOffer): void {
    offer.reject(OpenFailure.Prohibited, "malformed");
  }

  #forwardServices(login: Login): ForwardServices {
    const { shared: { options, limits, counter } } = this.#options;
    return {
      login,
      rules: options.forwardRules ?? [],
      listenRules: options.listenRules ?? [],
      socketPatterns: options.socketPatterns ?? [],
      limits,
      counter,
      multiplexer: () => this.#session.multiplexer,
    };
  }

  #sessionServices(login: Login, forwards: InwardForwards): SessionServices {
    const { context: { auth }, shared: { options } } = this.#options;
    const account = (): Promise<Account | undefined> =>
      options.accountOf ? options.accountOf(login) : nodeAccount();
    return {
      login,
      remoteAddr: auth.remoteAddr,
      signal: this.#abort.signal,
      shell: options.shell ?? true,
      exec: options.exec ?? true,
      pty: this.#pty,
      subsystems: options.subsystems ?? new Map(),
      commands: options.commands ?? [],
      subsystemCommands: options.subsystemCommands ?? new Map(),
      envPatterns: options.envPatterns ?? DEFAULT_ENV_PATTERNS,
      setEnv: new Map([...login.restrictions.environment ?? [], ...options.setEnv ?? []]),
      account,
      openAgent: () => this.#openAgent(login, forwards, account),
      record: options.record,
    };
  }

  async #openAgent(
    login: Login,
    forwards: InwardForwards,
    account: () => Promise<Account | undefined>,
  ): Promise<string | undefined> {
    const { options } = this.#options.shared;
    if (!options.agentForwarding || login.restrictions.agent === false) return undefined;
    const owner = await account();
    return owner && await forwards.openAgent(owner);
  }

  #report(kind: SshEvent["kind"], fields: Partial<SshEvent>): void {
    const { context: { auth: { remoteAddr } }, shared } = this.#options;
    shared.report({ ...fields, kind, session: this.#id, remoteAddr });
  }
}

function whoOf({ user, method, fingerprint }: Login): Partial<SshEvent> {
  return { user, method, fingerprint };
}
