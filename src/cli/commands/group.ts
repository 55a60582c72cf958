import { OWNER_ID, parseScope } from "@alknet/core";
import { Command } from "commander";
import { type CommandContext, contextOf, repeated } from "../context.ts";
import { noteChange } from "../node/note_change.ts";
import { openConfiguredStore } from "../node/open_store.ts";
import { columns } from "../terminal.ts";

/** `alknet group`: named sets of scopes. */
export function groupCommand(): Command {
  const group = new Command("group").description("named sets of scopes that peers can be in");
  group.command("put")
    .description("make a group, or replace its scopes; its members have them at once")
    .argument("<name>")
    .requiredOption("--scope <scope>", "what its members may do", repeated)
    .action((name: string, options: { scope: readonly string[] }, command: Command) =>
      put(name, options.scope, contextOf(command))
    );
  group.command("list")
    .description("list groups")
    .action((_options: unknown, command: Command) => list(contextOf(command)));
  group.command("remove")
    .description("remove a group; its members keep their own scopes")
    .argument("<name>")
    .action((name: string, _options: unknown, command: Command) =>
      remove(name, contextOf(command))
    );
  return group;
}

async function put(
  name: string,
  scopes: readonly string[],
  { terminal, paths }: CommandContext,
): Promise<void> {
  const group = { name, scopes: scopes.map((scope) => parseScope(scope)) };
  await using store = await openConfiguredStore(paths);
  await store.identities.putGroup(group);
  noteChange(store, { by: OWNER_ID, kind: "group.changed", what: name });
  terminal.data(group);
  terminal.line(`Group "${name}": ${group.scopes.join(" ")}`);
}

async function list({ terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  const groups = await store.identities.groups();
  terminal.data(groups);
  if (groups.length === 0) return terminal.line("No groups");
  const rows = groups.map(({ name, scopes }) => [name, scopes.join(" ")]);
  for (const line of columns([["NAME", "SCOPES"], ...rows])) terminal.line(line);
}

async function remove(name: string, { terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  await store.identities.removeGroup(name);
  noteChange(store, { by: OWNER_ID, kind: "group.removed", what: name });
  terminal.data({ removed: name });
  terminal.line(`Group "${name}" is removed`);
}
