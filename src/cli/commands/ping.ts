import { ALPN, pingOver, type PingReply } from "@alknet/ping";
import type { Connection } from "@alknet/core";
import { Command } from "commander";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { dialAs, type DialCommandOptions, withDialOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import type { Terminal } from "../terminal.ts";

interface PingCommandOptions extends DialCommandOptions {
  readonly count: number;
  readonly interval: number;
}

/** `alknet ping`: whether a node is there, how far, and who this node is to it. */
export function pingCommand(): Command {
  const command = new Command("ping")
    .description("measure round trips to a node and show who this node is there")
    .argument("<target>", "<node-id>@host:port, a ticket or a peer's name")
    .option("-c, --count <n>", "how many round trips", Number, 4)
    .option("-i, --interval <seconds>", "time between them", Number, 1);
  return withVaultOptions(withDialOptions(command)).action(
    (target: string, options: PingCommandOptions, self: Command) =>
      ping(target, options, contextOf(self)),
  );
}

async function ping(
  target: string,
  options: PingCommandOptions,
  { terminal, paths }: CommandContext,
): Promise<void> {
  const { count, interval } = options;
  if (!Number.isSafeInteger(count) || count < 1 || !(interval >= 0)) {
    throw new CliError("--count must be at least 1 and --interval at least 0", ExitCode.Usage);
  }
  const { conn, dialMs } = await dialAs(paths, target, ALPN, { ...options, proof: true });
  await using _ = conn;
  const replies: PingReply[] = [];
  for await (const reply of pingOver(conn, { count, intervalMs: interval * 1000 })) {
    if (replies.length === 0) announce(conn, reply, dialMs, terminal);
    replies.push(reply);
    terminal.line(`  ${replies.length}  ${reply.rttMs.toFixed(2)} ms`);
  }
  summarize(conn, replies, dialMs, terminal);
}

function announce(conn: Connection, reply: PingReply, dialMs: number, terminal: Terminal): void {
  const { bold } = terminal.style;
  const { id, scopes } = reply.whoami;
  terminal.line(`Connected over ${bold(conn.transport)} in ${dialMs.toFixed(1)} ms`);
  terminal.line(`There you are ${bold(`"${id}"`)}, may ${scopes.join(" ") || "nothing else"}`);
}

function summarize(
  { transport }: Connection,
  replies: readonly PingReply[],
  dialMs: number,
  terminal: Terminal,
): void {
  const sorted = replies.map(({ rttMs }) => rttMs).sort((a, b) => a - b);
  const [minMs = 0] = sorted;
  const medianMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const maxMs = sorted.at(-1) ?? 0;
  const ms = [minMs, medianMs, maxMs].map((time) => time.toFixed(2)).join(" / ");
  terminal.line(`${replies.length} round trips over ${transport}: min/median/max ${ms} ms`);
  const { whoami } = replies[0] ?? {};
  terminal.data({ transport, dialMs, whoami, count: replies.length, minMs, medianMs, maxMs });
}
