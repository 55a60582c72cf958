import { plainText, type PtyRequest, type SshClientSession, startProgram } from "@alknet/ssh";
import { Command } from "commander";
import { type CommandContext, contextOf } from "../context.ts";
import { CliError, ExitCode, ProgramExit, SSH_FAILED } from "../errors.ts";
import { adviceFor } from "../exit_code_of.ts";
import { EscapeKeys } from "../ssh/escape_keys.ts";
import { type ForwardOptions, forwardSpecs } from "../ssh/forward_spec.ts";
import { Forwards } from "../ssh/forwards.ts";
import { onSignal, rawKeys, terminalSize } from "../ssh/local_terminal.ts";
import {
  openSession,
  SSH_TARGET,
  type SshCommandOptions,
  withSshOptions,
} from "../ssh/open_session.ts";
import { type RemoteOutcome, runRemote } from "../ssh/run_remote.ts";
import { reporter } from "../ssh/report.ts";
import { withForwardOptions } from "./forward.ts";
import { withSessionCommands } from "./ssh_sessions.ts";

interface SshOptions extends SshCommandOptions, ForwardOptions {
  readonly dangerListen?: boolean;
  readonly A?: boolean;
  readonly t?: boolean;
  readonly T?: boolean;
  readonly N?: boolean;
  readonly n?: boolean;
}

const HELP =
  "\r\nEscapes at the begin of a line:\r\n  ~.  leave\r\n  ~?  this\r\n  ~~  a tilde\r\n";

/** `alknet ssh`: a shell or a command on a node, and who is logged in at the one here. */
export function sshCommand(): Command {
  const command = new Command("ssh")
    .description("log in at a node: a shell, or a command; or see who is logged in here")
    .argument("<target>", SSH_TARGET)
    .argument("[command...]", "what to run there (default: a shell)")
    .passThroughOptions()
    .option("-t", "give the command a terminal")
    .option("-T", "give the shell no terminal")
    .option("-N", "run nothing, forward only")
    .option("-A", "lend it the SSH agent of this machine")
    .option("-n", "leave standard input alone");
  withSshOptions(withForwardOptions(command)).action(
    (target: string, words: string[], options: SshOptions, self: Command) =>
      ssh(target, words, options, contextOf(self)),
  );
  return withSessionCommands(command);
}

/** The exit code is that of the command, and 255 for everything that fails here, as with ssh. */
async function ssh(
  target: string,
  words: readonly string[],
  options: SshOptions,
  context: CommandContext,
): Promise<void> {
  if (words[0]?.startsWith("-")) {
    throw new CliError(`Options stand before the target: move "${words[0]}"`, ExitCode.Usage);
  }
  try {
    throw new ProgramExit(await exitCode(target, words, options, context));
  } catch (error) {
    if (!(error instanceof Error) || error instanceof ProgramExit) throw error;
    throw new CliError(`${error.message}${adviceFor(error)}`, SSH_FAILED, { cause: error });
  }
}

async function exitCode(
  target: string,
  words: readonly string[],
  options: SshOptions,
  { terminal, paths }: CommandContext,
): Promise<number> {
  const agentSocket = options.A ? Deno.env.get("SSH_AUTH_SOCK") : undefined;
  await using forwards = new Forwards(forwardSpecs(options), {
    onEvent: (event) => event.event === "failed" && reporter(target, terminal)(event),
    dangerListen: options.dangerListen,
    agentSocket,
  });
  await using session = await openSession(paths, target, {
    ...options,
    hooks: forwards.hooks,
    onBanner: (text) => terminal.note(plainText(text).trimEnd()),
  });
  await forwards.listen({ session: () => Promise.resolve(session) });
  await forwards.attach(session);
  const outcome =
    await (options.N ? untilOver(session) : run(session, words, options, agentSocket));
  if (outcome === "lost") {
    const why = session.farewell ? `: ${session.farewell}` : "";
    throw new CliError(`Connection to ${target} was lost${why}`, SSH_FAILED);
  }
  return typeof outcome === "object" && "code" in outcome ? outcome.code : SSH_FAILED;
}

/** Nothing runs; what is forwarded is, until the connection ends or somebody has had enough. */
async function untilOver(session: SshClientSession): Promise<RemoteOutcome> {
  const { promise, resolve } = Promise.withResolvers<RemoteOutcome>();
  using stack = new DisposableStack();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    stack.use(onSignal(name, () => resolve("left")));
  }
  session.ended.then(() => resolve("lost"));
  return await promise;
}

async function run(
  session: SshClientSession,
  words: readonly string[],
  options: SshOptions,
  agentSocket: string | undefined,
): Promise<RemoteOutcome> {
  const command = words.join(" ");
  const pty = ptyFor(words.length > 0, options);
  const what = command ? { type: "exec", command } as const : { type: "shell" } as const;
  const agentForwarding = agentSocket !== undefined;
  const program = await startProgram(session, what, { pty, env: localeOf(), agentForwarding });
  using _keys = pty ? rawKeys() : undefined;
  return await runRemote(program, {
    hasPty: pty !== undefined,
    escapes: pty && Deno.stdin.isTerminal() ? new EscapeKeys() : undefined,
    noInput: options.n,
    help: () => void Deno.stderr.write(new TextEncoder().encode(HELP)),
  });
}

function ptyFor(hasCommand: boolean, { t = false, T = false }: SshOptions): PtyRequest | undefined {
  const wanted = t || (!T && !hasCommand && Deno.stdin.isTerminal());
  return wanted ? { term: Deno.env.get("TERM") ?? "dumb", size: terminalSize() } : undefined;
}

/** Language and colours, as OpenSSH is usually told to send them. */
function localeOf(): Record<string, string> {
  const all = Object.entries(Deno.env.toObject());
  return Object.fromEntries(
    all.filter(([name]) => /^(LANG|LC_[A-Z]+|COLORTERM|NO_COLOR)$/.test(name)),
  );
}
