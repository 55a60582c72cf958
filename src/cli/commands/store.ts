import { migrateStore, openBackend, restoreStore } from "@alknet/store";
import { Command } from "commander";
import { readStoreConfig } from "../config/store_config.ts";
import { type CommandContext, contextOf } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { openConfiguredStore, storeUrl } from "../node/open_store.ts";
import { columns } from "../terminal.ts";

/** `alknet store`: the database of peers and state. */
export function storeCommand(): Command {
  const store = new Command("store").description("the database of peers, tokens and state");
  store.command("stats")
    .description("show its place, size and counters")
    .action((_options: unknown, command: Command) => stats(contextOf(command)));
  store.command("check")
    .description("look for damage, while the node runs")
    .action((_options: unknown, command: Command) => check(contextOf(command)));
  store.command("backup")
    .description("copy it to a new file, while the node runs")
    .argument("<file>")
    .action((file: string, _options: unknown, command: Command) =>
      backup(file, contextOf(command))
    );
  store.command("restore")
    .description("put a backup in its place; a running node goes on with it")
    .argument("<file>")
    .action((file: string, _options: unknown, command: Command) =>
      restore(file, contextOf(command))
    );
  store.command("migrate")
    .description("copy everything to another database and compare both")
    .requiredOption("--to <url>", "sqlite:/path or postgres://user@host/database, empty")
    .action((options: { to: string }, command: Command) => migrate(options.to, contextOf(command)));
  return store;
}

async function stats({ terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  const found = await store.stats();
  terminal.data(found);
  terminal.line(`Store  ${found.location}, ${Math.ceil(found.bytes / 1024)} KiB`);
  const rows = Object.entries(found.rows).map(([table, count]) => [table, String(count)]);
  for (const line of columns([["TABLE", "ROWS"], ...rows])) terminal.line(line);
}

async function check({ terminal, paths }: CommandContext): Promise<void> {
  await using backend = await openBackend(await urlOf(paths));
  const report = await backend.check();
  terminal.data(report);
  for (const problem of report.problems) terminal.line(problem);
  if (!report.ok) {
    throw new CliError(
      `${backend.location} is damaged: "alknet store restore FILE" puts a backup in its place`,
      ExitCode.Failed,
    );
  }
  terminal.line(`${backend.location} is sound`);
}

async function backup(file: string, { terminal, paths }: CommandContext): Promise<void> {
  await using backend = await openBackend(await urlOf(paths));
  await backend.backup(file);
  const { size } = await Deno.stat(file);
  terminal.data({ file, bytes: size });
  terminal.line(`Copied to ${file}, ${Math.ceil(size / 1024)} KiB`);
}

async function restore(file: string, { terminal, paths }: CommandContext): Promise<void> {
  const url = await urlOf(paths);
  await restoreStore(url, file);
  terminal.data({ restored: file });
  terminal.line(`The store is as it was in ${file}; running nodes go on with it`);
}

async function migrate(to: string, { terminal, paths }: CommandContext): Promise<void> {
  const url = await urlOf(paths);
  await using source = await openBackend(url);
  await using target = await openBackend(to);
  const { rows } = await migrateStore(source, target);
  terminal.data({ from: source.location, to: target.location, rows });
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  terminal.line(`${total} rows are copied and compared: ${source.location} → ${target.location}`);
  terminal.line(`Now set [store] url in ${paths.config} and restart the node`);
}

async function urlOf(paths: CommandContext["paths"]): Promise<string> {
  return storeUrl(await readStoreConfig(paths.config), paths);
}
