import type { TerminalSize } from "@alknet/core";

import type { Channel } from "../channel/channel.ts";
import type { ChannelRequest } from "../channel/channel_host.ts";
import { ChannelRefusedError, OpenFailure } from "../errors.ts";
import type { ExitStatus } from "../session/program.ts";
import type { PtyRequest } from "../session/requests.ts";
import { SshReader } from "../wire/ssh_reader.ts";
import { SshWriter } from "../wire/ssh_writer.ts";
import type { SshClientSession } from "./client_session.ts";

/** What runs on the other side. */
export type RemoteCommand =
  | { readonly type: "shell" }
  | { readonly type: "exec"; readonly command: string }
  | { readonly type: "subsystem"; readonly name: string };

/** What {@linkcode startProgram} is told. */
export interface StartOptions {
  /** A terminal for it. Default: none, and output and errors come apart. */
  readonly pty?: PtyRequest;
  /** Variables to set; the server takes those it wants. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the client's agent is lent to it. Default: false. */
  readonly agentForwarding?: boolean;
}

/** TTY_OP_END, and so no modes (RFC 4254 section 8). */
const NO_MODES = "\0";

/** A program on the other side. */
export class RemoteProgram {
  /** Its input and output; {@linkcode Channel.readError} has its standard error. */
  readonly channel: Channel;
  /** Resolves when the channel is closed; undefined where the server did not tell. */
  readonly ended: Promise<ExitStatus | undefined>;
  #status?: ExitStatus;

  /** Listens for how it ends. */
  constructor(channel: Channel) {
    this.channel = channel;
    channel.keepErrors();
    channel.onRequest = (request) => this.#onRequest(request);
    this.ended = channel.closed.then(() => this.#status);
  }

  /** Sends a signal, by its name without `SIG`. */
  signal(name: string): void {
    this.channel.tell("signal", new SshWriter().string(name).finish());
  }

  /** Tells the size of the terminal. */
  resize(size: TerminalSize): void {
    this.channel.tell("window-change", sizeFields(new SshWriter(), size).finish());
  }

  #onRequest({ type, data }: ChannelRequest): boolean {
    const reader = new SshReader(data);
    if (type === "exit-status") this.#status = { code: reader.uint32() };
    else if (type === "exit-signal") this.#status = { signal: reader.text() };
    else return false;
    return true;
  }
}

/**
 * Starts a program, shell or service on the other side.
 *
 * @param session Where.
 * @param what What to run.
 * @returns Its end of the channel.
 * @throws {ChannelRefusedError} When the server does not run it, or gives no terminal.
 */
export async function startProgram(
  session: SshClientSession,
  what: RemoteCommand,
  options: StartOptions = {},
): Promise<RemoteProgram> {
  const channel = await session.multiplexer.open("session");
  const program = new RemoteProgram(channel);
  try {
    await prepare(channel, options);
    await grant(channel.ask(what.type, dataOf(what)), describe(what));
    return program;
  } catch (error) {
    channel.close();
    throw error;
  }
}

async function prepare(channel: Channel, options: StartOptions): Promise<void> {
  const { pty, env = {}, agentForwarding = false } = options;
  for (const [name, value] of Object.entries(env)) {
    channel.tell("env", new SshWriter().string(name).string(value).finish());
  }
  if (agentForwarding) await grant(channel.ask("auth-agent-req@openssh.com"), "agent forwarding");
  if (!pty) return;
  const data = sizeFields(new SshWriter().string(pty.term), pty.size).string(NO_MODES).finish();
  await grant(channel.ask("pty-req", data), "a terminal");
}

function sizeFields(writer: SshWriter, { columns, rows }: TerminalSize): SshWriter {
  return writer.uint32(columns).uint32(rows).uint32(0).uint32(0);
}

function dataOf(what: RemoteCommand): Uint8Array {
  switch (what.type) {
    case "shell":
      return new Uint8Array(0);
    case "exec":
      return new SshWriter().string(what.command).finish();
    case "subsystem":
      return new SshWriter().string(what.name).finish();
  }
}

function describe(what: RemoteCommand): string {
  if (what.type === "shell") return "a shell";
  return what.type === "exec" ? "this command" : `the subsystem "${what.name}"`;
}

async function grant(asked: Promise<boolean>, what: string): Promise<void> {
  if (await asked) return;
  throw new ChannelRefusedError(OpenFailure.Prohibited, `Server does not give ${what}`);
}
