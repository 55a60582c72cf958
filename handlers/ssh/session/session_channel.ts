import { type CommandService, hasScope, type StreamContext } from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import type { Channel } from "../channel/channel.ts";
import type { ChannelRequest, RequestVerdict } from "../channel/channel_host.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import { ClientVariables, environmentOf } from "./environment.ts";
import { runWithPipes } from "./pipes.ts";
import type { ExitStatus, ProgramSpec, RunningProgram } from "./program.ts";
import { type CommandLine, loginShell, programFor } from "./program_for.ts";
import {
  type PtyRequest,
  readPtyRequest,
  readText,
  readVariable,
  readWindowChange,
} from "./requests.ts";
import type { SessionServices } from "./services.ts";
import { runOnTerminal } from "./terminal_run.ts";
import { isProgramName, plainWords } from "./words.ts";

const log = getLogger(["alknet", "ssh"]);
const encoder = new TextEncoder();
const NOT_FOUND = 127;
const MAX_EARLY_SIGNALS = 8;

/**
 * A channel of type `session` (RFC 4254 section 6): prepared by requests, started once by `shell`,
 * `exec` or `subsystem`, then a program or service until its end.
 */
export class SessionChannel {
  /** Resolves when what was started has ended; at once while nothing was. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  readonly #channel: Channel;
  readonly #services: SessionServices;
  readonly #variables: ClientVariables;
  #pty?: PtyRequest;
  #agentSocket?: string;
  readonly #earlySignals: string[] = [];
  #ended: Promise<void> = Promise.resolve();
  #started = false;
  #running?: RunningProgram;
  #hungUp: Promise<void> | undefined;

  /** Answers the channel's requests from now on. */
  constructor(channel: Channel, services: SessionServices) {
    this.#channel = channel;
    this.#services = services;
    this.#variables = new ClientVariables(services.envPatterns);
    channel.onRequest = (request) => this.#answer(request);
  }

  /** Closes the channel; its program hangs up even if the client does not close it as well. */
  end(): void {
    this.#channel.close();
    this.#hangUp();
  }

  #answer({ type, data }: ChannelRequest): RequestVerdict | Promise<RequestVerdict> {
    switch (type) {
      case "env": {
        const { name, value } = readVariable(data);
        return !this.#started && this.#variables.set(name, value);
      }
      case "pty-req":
        return this.#askPty(readPtyRequest(data));
      case "window-change":
        this.#running?.resize(readWindowChange(data));
        if (this.#pty) this.#pty = { ...this.#pty, size: readWindowChange(data) };
        return this.#pty !== undefined;
      case "signal":
        return this.#signal(readText(data));
      case "auth-agent-req@openssh.com":
        return this.#askAgent();
      case "shell":
        return this.#start(() => this.#shell());
      case "exec": {
        const command = readText(data);
        return this.#start(() => this.#exec(command));
      }
      case "subsystem": {
        const name = readText(data);
        return this.#start(() => this.#subsystem(name));
      }
      default:
        return false;
    }
  }

  /** A signal may come between the answer to `exec` and the begin of the program. */
  #signal(name: string): boolean {
    if (this.#running) this.#running.signal(name);
    else if (this.#started && this.#earlySignals.length < MAX_EARLY_SIGNALS) {
      this.#earlySignals.push(name);
    }
    return this.#started;
  }

  #askPty(request: PtyRequest): boolean {
    const { pty, login } = this.#services;
    if (!pty || login.restrictions.pty === false || this.#started || this.#pty) return false;
    this.#pty = request;
    return true;
  }

  async #askAgent(): Promise<boolean> {
    if (this.#started || this.#agentSocket) return false;
    this.#agentSocket = await this.#services.openAgent?.();
    return this.#agentSocket !== undefined;
  }

  /** Once, and only what may be done: the run begins after the client was told. */
  #start(plan: () => Run | undefined): RequestVerdict {
    if (this.#started) return false;
    const run = plan();
    if (!run) return false;
    this.#started = true;
    return () => {
      this.#ended = this.#serve(run);
    };
  }

  #shell(): Run | undefined {
    const { shell, login: { restrictions } } = this.#services;
    if (restrictions.forceCommand !== undefined) return this.#forced("");
    if (!shell || !this.#may("ssh:shell")) return undefined;
    return this.#program(loginShell);
  }

  #exec(command: string): Run | undefined {
    const { login: { restrictions }, commands } = this.#services;
    if (restrictions.forceCommand !== undefined) return this.#forced(command);
    for (const service of commands) {
      const run = service(command);
      if (run) return this.#command(run);
    }
    return this.#programOf(command) ?? this.#subsystemCommand(command);
  }

  #programOf(command: string): Run | undefined {
    if (!this.#services.exec) return undefined;
    if (this.#may("ssh:exec")) return this.#program(({ shell }) => [shell, "-c", command]);
    const words = plainWords(command);
    const allowed = words && isProgramName(words[0]) && this.#may(`ssh:exec:${words[0]}`);
    return allowed ? this.#program(() => words) : undefined;
  }

  #subsystemCommand(command: string): Run | undefined {
    for (const [name, service] of this.#services.subsystemCommands) {
      const run = this.#may(`ssh:${name}`) ? service(command) : undefined;
      if (run) return this.#command(run);
    }
    return undefined;
  }

  #forced(original: string): Run | undefined {
    const { login: { restrictions: { forceCommand = "" } } } = this.#services;
    if (!this.#services.exec || !this.#may("ssh:exec")) return undefined;
    const line: CommandLine = ({ shell }) => [shell, "-c", forceCommand];
    return this.#program(line, original ? { SSH_ORIGINAL_COMMAND: original } : {});
  }

  #subsystem(name: string): Run | undefined {
    const { subsystems, login } = this.#services;
    const service = subsystems.get(name);
    if (login.restrictions.forceCommand !== undefined) return this.#forced(name);
    if (!service || !this.#may(`ssh:${name}`)) return undefined;
    return async () => {
      await service(this.#channel, this.#context());
      return { code: 0 };
    };
  }

  #command(run: NonNullable<ReturnType<CommandService>>): Run {
    return async () => {
      const io = {
        stream: this.#channel,
        env: this.#variables.values,
        writeError: (bytes: Uint8Array) => this.#channel.writeError(bytes),
      };
      return { code: await run(io, this.#context()) };
    };
  }

  #program(line: CommandLine, extra: Record<string, string> = {}): Run {
    return async () => {
      const account = await this.#services.account();
      if (!account) return await this.#refuse("no account for this login here");
      const env = environmentOf(account, this.#services.remoteAddr, {
        client: this.#variables.values,
        fixed: this.#services.setEnv,
      });
      if (this.#agentSocket) env.SSH_AUTH_SOCK = this.#agentSocket;
      if (this.#pty) env.TERM = this.#pty.term;
      return await this.#run(await programFor(account, line, { ...env, ...extra }));
    };
  }

  async #run(spec: ProgramSpec): Promise<ExitStatus> {
    try {
      this.#running = await this.#begin(spec);
    } catch (error) {
      log.warn("ssh.program-failed", { error });
      return await this.#refuse("cannot run this here");
    }
    for (const name of this.#earlySignals.splice(0)) this.#running.signal(name);
    return await this.#untilEnd(this.#running);
  }

  /** A client that leaves takes its program with it; one that has ended leaves others of its group. */
  async #untilEnd(running: RunningProgram): Promise<ExitStatus> {
    this.#channel.closed.then(() => this.#hangUp());
    try {
      return await running.ended;
    } finally {
      this.#running = undefined;
      await this.#hungUp;
    }
  }

  /** Once, and not for what has ended. */
  #hangUp(): void {
    this.#hungUp ??= this.#running?.hangUp();
  }

  async #begin(spec: ProgramSpec): Promise<RunningProgram> {
    const { pty: provider, login, record } = this.#services;
    if (!this.#pty || !provider) return runWithPipes(this.#channel, spec);
    const identity = login.identity();
    const recorder = identity && await record?.(this.#pty, identity);
    return await runOnTerminal(this.#channel, spec, { provider, size: this.#pty.size, recorder });
  }

  async #refuse(text: string): Promise<ExitStatus> {
    await this.#channel.writeError(encoder.encode(`alknet: ${text}\n`));
    return { code: NOT_FOUND };
  }

  async #serve(run: Run): Promise<void> {
    try {
      this.#tellEnd(await run());
      await this.#channel.closeWrite();
    } catch (error) {
      if (!this.#services.signal.aborted) log.debug("ssh.session-failed", { error });
    }
    this.#channel.close();
  }

  #tellEnd(status: ExitStatus): void {
    if ("code" in status) {
      return this.#channel.tell("exit-status", new SshWriter().uint32(status.code).finish());
    }
    const data = new SshWriter().string(status.signal).boolean(false).string("").string("");
    this.#channel.tell("exit-signal", data.finish());
  }

  #may(scope: string): boolean {
    return hasScope(this.#services.login.identity(), scope);
  }

  #context(): StreamContext {
    const { login, remoteAddr, signal } = this.#services;
    return { identity: login.identity(), remoteAddr, signal };
  }
}

/** Something started: resolves when it has ended and everything was delivered. */
type Run = () => Promise<ExitStatus>;
