import type { Command } from "commander";
import { type CommandContext, contextOf } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { askNode } from "../node/control.ts";
import type { SshSessionStatus } from "../node/ssh_control.ts";
import { ago, columns } from "../terminal.ts";

/** Adds `alknet ssh who` and `alknet ssh kill`: sessions of the node that runs here. */
export function withSessionCommands(ssh: Command): Command {
  ssh.command("who")
    .description("list who is logged in at the node that runs here")
    .action((_options: unknown, command: Command) => who(contextOf(command)));
  ssh.command("kill")
    .description("end a session and everything that runs in it")
    .argument("<id>", "its number, from: alknet ssh who")
    .action((id: string, _options: unknown, command: Command) => kill(id, contextOf(command)));
  return ssh;
}

async function who({ terminal, paths }: CommandContext): Promise<void> {
  const sessions = await askNode(paths.control, "ssh.sessions") as SshSessionStatus[];
  terminal.data(sessions);
  if (sessions.length === 0) return terminal.line("Nobody is logged in");
  const rows = sessions.map(({ id, peer, user, remote, openedAt, client, channels }) => [
    id,
    peer,
    user,
    remote,
    ago(new Date(openedAt)),
    channels.join(" ") || "-",
    client,
  ]);
  const heading = ["ID", "PEER", "AS", "FROM", "FOR", "CHANNELS", "CLIENT"];
  for (const line of columns([heading, ...rows])) terminal.line(line);
}

async function kill(id: string, { terminal, paths }: CommandContext): Promise<void> {
  const ended = await askNode(paths.control, "ssh.end", id);
  if (ended !== true) throw new CliError(`There is no session ${id}`, ExitCode.Usage);
  terminal.data({ ended: id });
  terminal.line(`Ended session ${id}`);
}
