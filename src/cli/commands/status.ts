import { Command } from "commander";
import { bytesText } from "../bytes_text.ts";
import { type CommandContext, contextOf } from "../context.ts";
import { askNode } from "../node/control.ts";
import type { NodeStatus } from "../node/status.ts";
import { ago, columns, type Terminal } from "../terminal.ts";

/** `alknet status`: what the running node is doing. */
export function statusCommand(): Command {
  return new Command("status")
    .description("show the running node: listeners, protocols, connections, counters")
    .action((_options: unknown, command: Command) => status(contextOf(command)));
}

async function status({ terminal, paths }: CommandContext): Promise<void> {
  const answer = await askNode(paths.control, "status") as NodeStatus;
  terminal.data(answer);
  if (terminal.json) return;
  const { bold } = terminal.style;
  const memory = bytesText(answer.memoryBytes);
  const { received, sent } = answer.traffic;
  const up = ago(new Date(answer.startedAt));
  terminal.line(`${bold("Node")}  ${answer.nodeId}`);
  terminal.line(`      up ${up}, process ${answer.pid}, ${memory}, version ${answer.version}`);
  terminal.line(`      ${bytesText(received)} received, ${bytesText(sent)} sent`);
  for (const listener of answer.listeners) {
    terminal.line(
      `      ${listener.reachable.join("  ")} over ${listener.transports.join(" and ")}`,
    );
    terminal.line(`      certificate until ${listener.certificateEnds.slice(0, 10)}`);
  }
  if (answer.acme) showAcme(terminal, answer.acme);
  if (answer.handlers.some(({ name }) => name === "ssh")) {
    terminal.line(`      SSH terminals by ${answer.terminals ?? "nothing here: none are given"}`);
  }
  table(terminal, [["PROTOCOL", "ALPN", "KEY", "OPEN"], ...handlerRows(answer)]);
  if (answer.services.length > 0) {
    table(terminal, [["SERVICE", "KIND", "STATE", "OPERATIONS", ""], ...serviceRows(answer)]);
  }
  if (answer.upstreams.length > 0) {
    table(terminal, [["SITE", "SERVER", "STATE", "CHECKS", ""], ...upstreamRows(answer)]);
  }
  if (answer.connections.length > 0) {
    table(terminal, [
      ["OPEN", "FOR", "PEER", "OVER", "IN", "OUT", "FROM"],
      ...connectionRows(answer),
    ]);
  }
  if (answer.peers.length > 0) {
    table(terminal, [
      ["PEER", "ATTACHED", "OPERATIONS", "UNDER WAY", "LAST ERROR"],
      ...peerRows(answer),
    ]);
  }
  table(terminal, [["COUNTER", "SO FAR"], ...counterRows(answer)]);
}

/** The certificate that browsers trust; what keeps it from coming is what one looks for here. */
function showAcme(terminal: Terminal, acme: NonNullable<NodeStatus["acme"]>): void {
  const { names, certificateEnds, state, nextOrder, problem } = acme;
  const until = certificateEnds ? `until ${certificateEnds.slice(0, 10)}` : "not there yet";
  terminal.line(`      certificate for ${names.join(", ")} ${until}`);
  const next = state === "ordering" ? "being ordered" : `next order ${nextOrder ?? "at the start"}`;
  terminal.line(`      ${next}`);
  if (problem) terminal.line(`      last order: ${problem}`);
}

function table(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  terminal.line();
  const [heading = "", ...lines] = columns(rows);
  terminal.line(terminal.style.dim(heading));
  for (const line of lines) terminal.line(line);
}

function handlerRows({ handlers }: NodeStatus): string[][] {
  return handlers.map(({ name, alpn, peerAuth, connections }) => [
    name,
    alpn.join(" "),
    peerAuth,
    String(connections),
  ]);
}

function serviceRows({ services }: NodeStatus): string[][] {
  return services.map(({ name, kind, state, operations, problem }) => [
    name,
    kind,
    state,
    String(operations),
    problem ?? "",
  ]);
}

function upstreamRows({ upstreams }: NodeStatus): string[][] {
  return upstreams.map(({ site, upstream, state, checksPassed, checksFailed, problem }) => [
    site,
    upstream,
    state,
    checksPassed + checksFailed === 0 ? "-" : `${checksPassed} passed, ${checksFailed} failed`,
    problem ?? "",
  ]);
}

function connectionRows({ connections }: NodeStatus): string[][] {
  return connections.map((conn) => [
    conn.alpn,
    ago(new Date(conn.openedAt)),
    conn.peer ?? (conn.fingerprint ? "unknown key" : "-"),
    conn.transport,
    bytesText(conn.bytesReceived),
    bytesText(conn.bytesSent),
    `${conn.remoteAddr.hostname}:${conn.remoteAddr.port}`,
  ]);
}

function peerRows({ peers }: NodeStatus): string[][] {
  return peers.map(({ peer, since, operations, pending, lastError = "" }) => [
    peer,
    since ? ago(new Date(since)) : "no",
    String(operations),
    String(pending),
    lastError,
  ]);
}

function counterRows({ counters }: NodeStatus): string[][] {
  return Object.entries(counters)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => [name, String(count)]);
}
