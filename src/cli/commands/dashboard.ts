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
    const url = urlOf(await session.call("dashboard/link", {}), session.remoteAddr);
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

/**
 * Where a link leads, as the node answers for it: to the origin it knows of, else to where it was
 * reached, if the dashboard is there, else to the first host of its own on the same port.
 */
export function urlOf(answer: unknown, reached: Address): string {
  const { path, hosts, origin } = linkOf(answer);
  const here = URL.parse(`https://${formatAddress(reached)}`)?.hostname ?? "";
  const [host = here] = hosts.includes(here) ? [here] : hosts;
  return `${origin ?? `https://${host}:${reached.port}`}${path}`;
}

interface Link {
  readonly path: string;
  readonly hosts: readonly string[];
  readonly origin?: string | undefined;
}

function linkOf(answer: unknown): Link {
  const { path, hosts = [], origin }: Partial<Record<keyof Link, unknown>> =
    typeof answer === "object" && answer !== null ? answer : {};
  if (
    typeof path === "string" && /^\/login\/[\w-]+$/.test(path) && Array.isArray(hosts) &&
    hosts.every(isHost) && (origin === undefined || isOrigin(origin))
  ) return { path, hosts, origin };
  throw new CliError("The node answered with something that is no link", ExitCode.Unreachable);
}

function isHost(host: unknown): host is string {
  return typeof host === "string" && URL.parse(`https://${host}`)?.hostname === host;
}

function isOrigin(text: unknown): text is string {
  return typeof text === "string" && text.startsWith("https://") &&
    URL.parse(text)?.origin === text;
}
