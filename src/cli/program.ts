import { Command, type CommanderError } from "commander";
import { auditCommand } from "./commands/audit.ts";
import { callCommand } from "./commands/call.ts";
import { completionsCommand } from "./commands/completions.ts";
import { configCommand } from "./commands/config.ts";
import { connectCommand } from "./commands/connect.ts";
import { dashboardCommand } from "./commands/dashboard.ts";
import { cpCommand } from "./commands/cp.ts";
import { credentialCommand } from "./commands/credential.ts";
import { forwardCommand, socksCommand } from "./commands/forward.ts";
import { groupCommand } from "./commands/group.ts";
import { handlersCommand } from "./commands/handlers.ts";
import { idCommand } from "./commands/id.ts";
import { initCommand } from "./commands/init.ts";
import { inviteCommand } from "./commands/invite.ts";
import { joinCommand } from "./commands/join.ts";
import { opsCommand } from "./commands/ops.ts";
import { peerCommand } from "./commands/peer.ts";
import { mcpCommand } from "./commands/mcp.ts";
import { pingCommand } from "./commands/ping.ts";
import { serveCommand } from "./commands/serve.ts";
import { sftpCommand } from "./commands/sftp.ts";
import { sftpServerCommand } from "./commands/sftp_server.ts";
import { sshCommand } from "./commands/ssh.ts";
import { sshConfigCommand } from "./commands/ssh_config.ts";
import { statusCommand } from "./commands/status.ts";
import { storeCommand } from "./commands/store.ts";
import { tokenCommand } from "./commands/token.ts";
import { vaultCommand } from "./commands/vault.ts";
import { VERSION } from "./version.ts";

const AFTER_HELP = `
Targets: <node-id>@host:port, sha256:<hex>@host:port, host:port, a ticket, or a peer's name.
Exit codes: 0 done, 1 defect, 2 usage, 3 configuration, 4 unreachable, 5 refused,
6 not running, 7 vault locked, 8 port taken, 9 some files failed; of calls: 10 not found, 11 out of
time, 12 declared error, 13 that node failed, 130 interrupted.`;

/** The whole command line; nothing runs before it is parsed. */
export function program(): Command {
  const root = new Command("alknet")
    .description("One port, many protocols, dispatched by the TLS handshake")
    .version(VERSION)
    .option("--json", "print results as JSON")
    .enablePositionalOptions()
    .addHelpText("after", AFTER_HELP);
  const commands = [
    initCommand(),
    idCommand(),
    serveCommand(),
    statusCommand(),
    handlersCommand(),
    pingCommand(),
    connectCommand(),
    cpCommand(),
    sftpCommand(),
    opsCommand(),
    callCommand(),
    sshConfigCommand(),
    sshCommand(),
    forwardCommand(),
    socksCommand(),
    dashboardCommand(),
    mcpCommand(),
    inviteCommand(),
    joinCommand(),
    peerCommand(),
    groupCommand(),
    tokenCommand(),
    credentialCommand(),
    auditCommand(),
    storeCommand(),
    vaultCommand(),
    configCommand(),
    completionsCommand(),
  ];
  for (const command of commands) root.addCommand(command);
  root.addCommand(sftpServerCommand(), { hidden: true });
  throwInsteadOfExit(root);
  return root;
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
