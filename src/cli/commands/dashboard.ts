import type { Address } from "@alknet/core";
import { Command } from "commander";
import { type CallCommandOptions, withCallOptions, withSession } from "../calling/call_session.ts";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { withDialOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import { formatAddress } from "../node/addresses.ts";
import { askNode } from "../node/control.ts";
import type { NodeStatus } from "../node/status.ts";

/** `alknet dashboard`: a link that opens the node's pages in a browser. */
export function dashboardCommand(): Command {
  const command = new Command("dashboard")
    .description("print a link that opens the node's dashboard in a browser; it works once")
    .argument("[target]", "<node-id>@host:port, a ticket or a peer's name (default: this node)");
  return withCallOptions(withVaultOptions(withDialOptions(command))).action(
    (target: string | undefined, options: CallCommandOptions, self: Command) =>
      dashboard(target, options, contextOf(self)),
  );
}

async function dashboard(
  target: string | undefined,
  options: CallCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal, paths } = context;
  const asked = target ?? await ownTarget(paths.control);
  await withSession(asked, options, context, async (session) => {
    const url = `https://${hostOf(session.remoteAddr)}${
      pathOf(await session.call("dashboard/link", {}))
    }`;
    terminal.data({ url });
    terminal.line(url);
    if (terminal.json) return;
    terminal.note(
      "It works once, for five minutes. Where the node has its own certificate and not",
    );
    terminal.note(
      "one of [[listen]], the browser will warn of it: compare what alknet status shows.",
    );
  });
}

async function ownTarget(control: string): Promise<string> {
  const { nodeId, listeners } = await askNode(control, "status") as NodeStatus;
  const address = listeners.flatMap(({ reachable }) => reachable)[0];
  if (address) return `${nodeId}@${address}`;
  throw new CliError("The node listens nowhere that can be reached", ExitCode.Unavailable);
}

function hostOf(addr: Address): string {
  return formatAddress(addr);
}

function pathOf(answer: unknown): string {
  if (typeof answer === "object" && answer !== null && "path" in answer) {
    if (typeof answer.path === "string" && /^\/login\/[\w-]+$/.test(answer.path)) {
      return answer.path;
    }
  }
  throw new CliError("The node answered with something that is no link", ExitCode.Unreachable);
}
