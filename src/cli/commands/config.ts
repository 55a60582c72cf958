import { OperationRegistry } from "@alknet/operations";
import { Command } from "commander";
import { checkFolders } from "../config/check_folders.ts";
import { readConfig } from "../config/config.ts";
import { type CommandContext, contextOf } from "../context.ts";
import { createHandlers, NO_SERVICES } from "../node/handlers.ts";
import { loadOperationModules, registerModules } from "../node/operation_modules.ts";
import { readIdentities } from "../node/identities_file.ts";

/** `alknet config`: the configuration file. */
export function configCommand(): Command {
  const config = new Command("config").description("check and locate the configuration");
  config.command("check")
    .description("read alknet.toml and identities.toml as the node would, and say what is wrong")
    .argument("[file]", "another configuration file")
    .action((file: string | undefined, _options: unknown, command: Command) =>
      check(file, contextOf(command))
    );
  config.command("path")
    .description("show where every file is looked for")
    .action((_options: unknown, command: Command) => path(contextOf(command)));
  return config;
}

async function check(file: string | undefined, context: CommandContext): Promise<void> {
  const { terminal, paths } = context;
  const config = await readConfig(file ?? paths.config);
  await checkFolders(file ?? paths.config);
  const handlers = await createHandlers(config, NO_SERVICES);
  registerModules(new OperationRegistry(), await loadOperationModules(config));
  const { peers, tokens } = await readIdentities(paths.identities);
  const counts = { handlers: handlers.length, peers: peers.length, tokens: tokens.length };
  terminal.data({ ok: true, config: config.file ?? null, ...counts });
  terminal.line(
    `${config.file ?? "No file: the embedded default"} is good: ${counts.handlers} handlers, ` +
      `${counts.peers} peers, ${counts.tokens} tokens`,
  );
  for (const handler of handlers) await handler.shutdown?.();
}

function path({ terminal, paths }: CommandContext): void {
  terminal.data(paths);
  for (const [name, place] of Object.entries(paths)) terminal.line(`${name.padEnd(12)}${place}`);
}
