import { Command, type CommanderError } from "commander";
import { VERSION } from "./version.ts";

const AFTER_HELP = `
Targets: <node-id>@host:port, sha256:<hex>@host:port, host:port, a ticket, or a peer's name.
Exit codes: 0 done, 1 defect, 2 usage, 3 configuration, 4 unreachable, 5 refused,
6 not running, 7 vault locked, 8 port taken, 9 some files failed; of calls: 10 not found, 11 out of
time, 12 declared error, 13 that node failed, 130 interrupted.`;

/** Makes a command, and loads what it needs, which for all of them takes most of a second. */
type Load = () => Promise<Command>;

/** The commands by name, in the order of the help. */
const COMMANDS: ReadonlyMap<string, Load> = new Map<string, Load>([
  ["init", async () => (await import("./commands/init.ts")).initCommand()],
  ["id", async () => (await import("./commands/id.ts")).idCommand()],
  ["serve", async () => (await import("./commands/serve.ts")).serveCommand()],
  ["status", async () => (await import("./commands/status.ts")).statusCommand()],
  ["handlers", async () => (await import("./commands/handlers.ts")).handlersCommand()],
  ["ping", async () => (await import("./commands/ping.ts")).pingCommand()],
  ["connect", async () => (await import("./commands/connect.ts")).connectCommand()],
  ["cp", async () => (await import("./commands/cp.ts")).cpCommand()],
  ["sftp", async () => (await import("./commands/sftp.ts")).sftpCommand()],
  ["ops", async () => (await import("./commands/ops.ts")).opsCommand()],
  ["call", async () => (await import("./commands/call.ts")).callCommand()],
  ["ssh-config", async () => (await import("./commands/ssh_config.ts")).sshConfigCommand()],
  ["ssh", async () => (await import("./commands/ssh.ts")).sshCommand()],
  ["forward", async () => (await import("./commands/forward.ts")).forwardCommand()],
  ["socks", async () => (await import("./commands/forward.ts")).socksCommand()],
  ["dashboard", async () => (await import("./commands/dashboard.ts")).dashboardCommand()],
  ["mcp", async () => (await import("./commands/mcp.ts")).mcpCommand()],
  ["invite", async () => (await import("./commands/invite.ts")).inviteCommand()],
  ["join", async () => (await import("./commands/join.ts")).joinCommand()],
  ["peer", async () => (await import("./commands/peer.ts")).peerCommand()],
  ["group", async () => (await import("./commands/group.ts")).groupCommand()],
  ["token", async () => (await import("./commands/token.ts")).tokenCommand()],
  ["credential", async () => (await import("./commands/credential.ts")).credentialCommand()],
  ["audit", async () => (await import("./commands/audit.ts")).auditCommand()],
  ["store", async () => (await import("./commands/store.ts")).storeCommand()],
  ["vault", async () => (await import("./commands/vault.ts")).vaultCommand()],
  ["config", async () => (await import("./commands/config.ts")).configCommand()],
  ["completions", async () => (await import("./commands/completions.ts")).completionsCommand()],
  ["sftp-server", async () => (await import("./commands/sftp_server.ts")).sftpServerCommand()],
]);
/** Commands that are there for other programs to start. */
const HIDDEN: ReadonlySet<string> = new Set(["sftp-server"]);
/** Commands that have to do with all others. */
const ABOUT_ALL: ReadonlySet<string> = new Set(["completions"]);

/**
 * The command line as far as some arguments need it: the command that they name, or else every one,
 * for help and for errors. Nothing runs before it is parsed.
 */
export async function program(args: readonly string[]): Promise<Command> {
  const root = new Command("alknet")
    .description("One port, many protocols, dispatched by the TLS handshake")
    .version(VERSION)
    .option("--json", "print results as JSON")
    .enablePositionalOptions()
    .addHelpText("after", AFTER_HELP);
  for (const [name, load] of wanted(args)) {
    root.addCommand(await load(), { hidden: HIDDEN.has(name) });
  }
  throwInsteadOfExit(root);
  return root;
}

function wanted(args: readonly string[]): Iterable<[string, Load]> {
  const name = args.find((arg) => !arg.startsWith("-")) ?? ""; // no option before it has a value
  const load = COMMANDS.get(name);
  return load && !ABOUT_ALL.has(name) ? [[name, load]] : COMMANDS;
}

/** `--json` works before and after the command's name; usage errors are thrown. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride((error: CommanderError) => {
    throw error;
  });
  command.configureOutput({ writeErr: () => {} });
  for (const child of command.commands) {
    child.option("--json", "print results as JSON");
    throwInsteadOfExit(child);
  }
}
