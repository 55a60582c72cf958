import {
  CloseCode,
  type CloseInfo,
  type HandlerContext,
  hasScope,
  type Stream,
  type TerminalRequest,
  type TerminalSize,
} from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import type { Login } from "../auth/login.ts";
import type { SharedServices } from "../live_session.ts";
import type { Live } from "../live_sessions.ts";
import type { Account } from "../session/account.ts";
import { ClientVariables, DEFAULT_ENV_PATTERNS, environmentOf } from "../session/environment.ts";
import {
  type ExitStatus,
  haveEnded,
  type ProgramSpec,
  type RunningProgram,
} from "../session/program.ts";
import { loginShell, programFor } from "../session/program_for.ts";
import type { PtyProvider } from "../session/pty.ts";
import { knownTerm, sizeWithin } from "../session/requests.ts";
import { runOnTerminal } from "../session/terminal_run.ts";
import type { SshSessionInfo } from "../ssh.ts";
import type { TerminalCounters } from "./limits.ts";

/** The scope that a terminal needs as long as it is open. */
export const SHELL_SCOPE = "ssh:shell";

/** What a terminal belongs to. */
export interface LiveTerminalOptions {
  /** Its number among the sessions. */
  readonly id: string;
  /** Who sits at it. */
  readonly login: Login;
  /** What its programs run as. */
  readonly account: Account;
  /** Makes it. */
  readonly provider: PtyProvider;
  /** Where it comes from. */
  readonly ctx: HandlerContext;
  /** What was asked for. */
  readonly request: TerminalRequest;
  /** What all sessions share. */
  readonly shared: SharedServices;
  /** Told how it ended. */
  readonly counters: TerminalCounters;
}

const log = getLogger(["alknet", "ssh"]);

/** A shell on a terminal of another handler, among the sessions of SSH. */
export class LiveTerminal implements Live {
  /** How it ended, as soon as that is known. */
  readonly told: Promise<CloseInfo>;
  readonly ended: Promise<void>;
  readonly #options: LiveTerminalOptions;
  readonly #running: RunningProgram;
  readonly #openedAt = new Date();
  readonly #peer: string | undefined;
  readonly #cleanUp = new DisposableStack();
  readonly #tell: (info: CloseInfo) => void;
  #activeAt = performance.now();
  #isOver = false;
  #hungUp?: Promise<void>;

  /** Starts the shell. */
  static async start(stream: Stream, options: LiveTerminalOptions): Promise<LiveTerminal> {
    const { login, provider, request, shared: { options: { record } } } = options;
    const size = sizeWithin(request.size);
    const program = await shellFor(options);
    const identity = login.identity();
    const recorder = identity && await record?.({ term: knownTerm(request.term), size }, identity);
    let onTraffic = (): void => {};
    const running = await runOnTerminal(stream, program, {
      provider,
      size,
      recorder,
      onTraffic: () => onTraffic(),
    });
    const live = new LiveTerminal(running, options);
    onTraffic = () => live.#activeAt = performance.now();
    return live;
  }

  private constructor(running: RunningProgram, options: LiveTerminalOptions) {
    this.#running = running;
    this.#options = options;
    this.#peer = options.login.identity()?.id;
    const { promise, resolve } = Promise.withResolvers<CloseInfo>();
    this.told = promise;
    this.#tell = resolve;
    const finished = this.#untilFinished();
    this.ended = promise.then(() => haveEnded([finished, this.#hungUp ?? finished]));
    this.#report("ssh.login");
    this.#watch();
  }

  get info(): SshSessionInfo | undefined {
    const { id, login, request: { client }, ctx: { auth: { remoteAddr } } } = this.#options;
    const peer = login.identity()?.id;
    if (peer === undefined || this.#isOver) return undefined;
    return {
      id,
      peer,
      user: login.user,
      method: login.method,
      remote: `${remoteAddr.hostname}:${remoteAddr.port}`,
      client,
      openedAt: this.#openedAt,
      channels: ["terminal"],
    };
  }

  /** Changes its size. */
  resize(size: TerminalSize): void {
    if (!this.#isOver) this.#running.resize(sizeWithin(size));
  }

  end(reason: string, code: CloseCode = CloseCode.Ok): void {
    if (this.#isOver) return;
    this.#finish({ code, reason });
    this.#hungUp = this.#running.hangUp();
  }

  /** Ends when the permission is withdrawn or has expired, at the carrier's end, and when idle. */
  #watch(): void {
    const { ctx: { identities, signal }, shared: { limits } } = this.#options;
    const hangUp = (): void => this.end("connection lost");
    signal.addEventListener("abort", hangUp, { once: true });
    this.#cleanUp.defer(() => signal.removeEventListener("abort", hangUp));
    this.#cleanUp.defer(identities.onChange(() => this.#reauthorize()));
    const timer = setInterval(() => this.#look(), limits.keepAliveMs);
    this.#cleanUp.defer(() => clearInterval(timer));
    if (signal.aborted) hangUp();
    this.#reauthorize(); // while the shell was being started
  }

  #reauthorize(): void {
    if (this.#isOver || hasScope(this.#options.login.identity(), SHELL_SCOPE)) return;
    this.#options.counters.endedRevoked++;
    this.end("permission withdrawn", CloseCode.Revoked);
  }

  #look(): void {
    this.#reauthorize();
    const { shared: { limits: { terminalIdleMs } }, counters } = this.#options;
    if (this.#isOver || performance.now() - this.#activeAt < terminalIdleMs) return;
    counters.endedIdle++;
    this.end("nothing has happened for too long", CloseCode.Timeout);
  }

  async #untilFinished(): Promise<void> {
    try {
      this.#finish({ code: CloseCode.Ok, reason: textOf(await this.#running.ended) });
    } catch (error) {
      log.warn("ssh.terminal-failed", { session: this.#options.id, error }); // of a recording
      this.end("failed", CloseCode.HandlerFailed);
    }
  }

  #finish(info: CloseInfo): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cleanUp.dispose();
    this.#report("ssh.logout", info.reason);
    this.#tell(info);
  }

  #report(kind: "ssh.login" | "ssh.logout", reason?: string): void {
    const { id, login, ctx: { auth: { remoteAddr } }, shared } = this.#options;
    const { user, method } = login;
    shared.report({ kind, session: id, user, method, peer: this.#peer, remoteAddr, reason });
  }
}

async function shellFor(options: LiveTerminalOptions): Promise<ProgramSpec> {
  const { account, ctx: { auth }, request, shared } = options;
  const { envPatterns, setEnv: fixed = new Map() } = shared.options;
  const variables = new ClientVariables(envPatterns ?? DEFAULT_ENV_PATTERNS);
  for (const [name, value] of request.variables ?? []) variables.set(name, value);
  const env = environmentOf(account, auth.remoteAddr, { client: variables.values, fixed });
  return await programFor(account, loginShell, { ...env, TERM: knownTerm(request.term) });
}

function textOf(status: ExitStatus): string {
  return "code" in status ? `exit code ${status.code}` : `signal ${status.signal}`;
}
