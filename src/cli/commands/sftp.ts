import { SftpError, StatusCode } from "@alknet/sftp";
import { Command } from "commander";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { type DialCommandOptions, withDialOptions } from "../dialling.ts";
import { CliError } from "../errors.ts";
import { connectFiles } from "../sftp/connect_files.ts";
import { Shell } from "../sftp/shell.ts";
import { SHELL_COMMANDS } from "../sftp/shell_commands.ts";
import type { Terminal } from "../terminal.ts";

const PROMPT = "sftp> ";

/** `alknet sftp`: a session with the files of a node. */
export function sftpCommand(): Command {
  const command = new Command("sftp")
    .description('look around in the files of a node and copy some; "help" lists the commands')
    .argument("<target>", "<node-id>@host:port, a ticket or a peer's name");
  return withVaultOptions(withDialOptions(command)).action(
    (target: string, options: DialCommandOptions, self: Command) =>
      sftp(target, options, contextOf(self)),
  );
}

async function sftp(
  target: string,
  options: DialCommandOptions,
  { paths, terminal }: CommandContext,
): Promise<void> {
  await using remote = await connectFiles(paths, target, options);
  const shell = new Shell(remote.files, terminal, SHELL_COMMANDS);
  if (Deno.stdin.isTerminal()) await interact(shell, terminal);
  else await runBatch(shell);
}

/** One command after the other; the first that fails ends it, unless it has a `-` in front. */
async function runBatch(shell: Shell): Promise<void> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) {
      const tolerant = line.startsWith("-");
      await shell.run(tolerant ? line.slice(1) : line).catch((error) => {
        if (!tolerant || !isPassing(error)) throw error;
      });
      if (shell.state.ended) return;
    }
  } finally {
    lines.close();
  }
}

async function interact(shell: Shell, terminal: Terminal): Promise<void> {
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    completer: (line: string) => shell.complete(line),
  });
  lines.setPrompt(PROMPT);
  lines.prompt();
  try {
    for await (const line of lines) { // not question(), which loses lines that are pasted together
      await shell.run(line).catch((error) => {
        if (!isPassing(error)) throw error;
        terminal.note(error.message);
      });
      if (shell.state.ended) return;
      lines.prompt();
    }
  } finally {
    lines.close();
  }
}

/** Whether the session goes on after it. */
function isPassing(error: unknown): error is Error {
  if (error instanceof SftpError) return error.status !== StatusCode.ConnectionLost;
  return error instanceof CliError;
}
