import { type PtyRequest, type SshClientSession, startProgram } from "@alknet/ssh";
import { Command } from "commander";
import { type CommandContext, contextOf } from "../context.ts";
import { CliError, ProgramExit, SSH_FAILED } from "../errors.ts";
import { adviceFor } from "../exit_code_of.ts";
import { EscapeKeys } from "../ssh/escape_keys.ts";
import { rawKeys, terminalSize } from "../ssh/local_terminal.ts";
import {
  openSession,
  SSH_TARGET,
  type SshCommandOptions,
  withSshOptions,
} from "../ssh/open_session.ts";
import { plainText } from "../ssh/plain_text.ts";
import { type RemoteOutcome, runRemote } from "../ssh/run_remote.ts";
import { withSessionCommands } from "./ssh_sessions.ts";

interface SshOptions extends SshCommandOptions {
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
    .option("-n", "leave standard input alone");
  withSshOptions(command).action(
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
  { terminal, paths }: CommandContext,
): Promise<void> {
  try {
    await using session = await openSession(paths, target, {
      ...options,
      onBanner: (text) => terminal.note(plainText(text).trimEnd()),
    });
    const outcome = await run(session, words, options);
    if (outcome === "lost") {
      const why = session.farewell ? `: ${plainText(session.farewell)}` : "";
      throw new CliError(`Connection to ${target} was lost${why}`, SSH_FAILED);
    }
    throw new ProgramExit(
      typeof outcome === "object" && "code" in outcome ? outcome.code : SSH_FAILED,
    );
  } catch (error) {
    if (!(error instanceof Error) || error instanceof ProgramExit) throw error;
    throw new CliError(`${error.message}${adviceFor(error)}`, SSH_FAILED, { cause: error });
  }
}

async function run(
  session: SshClientSession,
  words: readonly string[],
  options: SshOptions,
): Promise<RemoteOutcome> {
  const command = words.join(" ");
  const pty = ptyFor(words.length > 0, options);
  const what = command ? { type: "exec", command } as const : { type: "shell" } as const;
  const program = await startProgram(session, what, { pty, env: localeOf() });
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
