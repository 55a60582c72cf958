import { Command } from "commander";
import { readConfig } from "../config/config.ts";
import { type CommandContext, contextOf } from "../context.ts";
import { BUILT_IN, NO_SERVICES } from "../node/handlers.ts";
import { columns } from "../terminal.ts";

/** `alknet handlers`: protocols this program can serve. */
export function handlersCommand(): Command {
  return new Command("handlers")
    .description("list the protocols this program can serve, and which ones are switched on")
    .action((_options: unknown, command: Command) => list(contextOf(command)));
}

async function list({ terminal, paths }: CommandContext): Promise<void> {
  const config = await readConfig(paths.config);
  const rows = [...BUILT_IN].map(([name, { doc, create }]) => {
    const { alpn, peerAuth = "none" } = create(config, NO_SERVICES);
    return { name, alpn, peerAuth, enabled: config.handlers.includes(name), doc };
  });
  terminal.data(rows);
  const cells = rows.map(({ name, alpn, peerAuth, enabled, doc }) => [
    name,
    enabled ? "on" : "off",
    alpn.join(" "),
    peerAuth,
    doc,
  ]);
  for (const line of columns([["NAME", "STATE", "ALPN", "KEY", "WHAT"], ...cells])) {
    terminal.line(line);
  }
}
