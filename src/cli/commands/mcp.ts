import { ALPN } from "@alknet/call";
import { Command } from "commander";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { dialAs, type DialCommandOptions, withDialOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import { askNode } from "../node/control.ts";
import type { NodeStatus } from "../node/status.ts";
import type { Paths } from "../paths.ts";
import { RemoteOperations } from "../remote_operations.ts";
import { VERSION } from "../version.ts";

/** `alknet mcp`: a node's operations as tools, for programs that start their MCP servers. */
export function mcpCommand(): Command {
  const command = new Command("mcp")
    .description("serve a node's operations as MCP tools on standard input and output")
    .argument("[target]", "<node-id>@host:port, a ticket or a peer's name; default: the node here");
  return withVaultOptions(withDialOptions(command)).action(
    (target: string | undefined, options: DialCommandOptions, self: Command) =>
      mcp(target, options, contextOf(self)),
  );
}

async function mcp(
  target: string | undefined,
  options: DialCommandOptions,
  { paths }: CommandContext,
): Promise<void> {
  const node = target ?? await ownNode(paths);
  await using backend = new RemoteOperations(async () => {
    const { conn } = await dialAs(paths, node, ALPN, { ...options, proof: true });
    return conn;
  });
  await backend.connect(); // whoever started this shall see at once that it leads nowhere
  // Loaded here: the library behind it is not for every command.
  const { serveToolsOnStdio } = await import("@alknet/http/mcp");
  await serveToolsOnStdio({ name: "alknet", version: VERSION, backend });
}

/** The node that runs on this machine, which knows its owner by the key they share. */
async function ownNode(paths: Paths): Promise<string> {
  const { nodeId, listeners } = await askNode(paths.control, "status") as NodeStatus;
  const address = listeners[0]?.reachable.at(-1); // loopback, where it listens there
  if (!address) throw new CliError("The node here listens nowhere", ExitCode.NotRunning);
  return `${nodeId}@${address}`;
}
