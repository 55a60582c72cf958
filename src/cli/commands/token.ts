import { OWNER_ID, parseScope } from "@alknet/core";
import { Command } from "commander";
import { type CommandContext, contextOf, repeated } from "../context.ts";
import { CliError } from "../errors.ts";
import { newToken } from "../node/new_token.ts";
import { noteChange } from "../node/note_change.ts";
import { openConfiguredStore } from "../node/open_store.ts";
import { columns } from "../terminal.ts";
import { expiry } from "../expiry.ts";

interface CreateOptions {
  readonly scope: readonly string[];
  readonly expires?: string;
}

/** `alknet token`: bearer tokens for programs that have no key. */
export function tokenCommand(): Command {
  const token = new Command("token").description("bearer tokens for programs that have no key");
  token.command("create")
    .description("make a token and show it, once")
    .argument("<name>", "what it is for")
    .requiredOption("--scope <scope>", "what it may do: <area>:<verb>[:<object>]", repeated)
    .option("--expires <when>", "end of validity, such as 12h, 30d or 2027-01-31")
    .action((name: string, options: CreateOptions, command: Command) =>
      create(name, options, contextOf(command))
    );
  token.command("list")
    .description("list tokens, without their secrets")
    .action((_options: unknown, command: Command) => list(contextOf(command)));
  token.command("revoke")
    .description("revoke a token at once")
    .argument("<name>")
    .action((name: string, _options: unknown, command: Command) =>
      revoke(name, contextOf(command))
    );
  return token;
}

async function create(
  name: string,
  options: CreateOptions,
  context: CommandContext,
): Promise<void> {
  const { token, entry } = newToken({
    name,
    scopes: options.scope.map((scope) => parseScope(scope)),
    expiresAt: options.expires === undefined ? undefined : expiry(options.expires),
  });
  await using store = await openConfiguredStore(context.paths);
  await store.identities.change(async (changes) => {
    if (await changes.token(name)) {
      throw new CliError(`Token "${name}" exists: revoke it first, or choose another name`, 2);
    }
    await changes.addToken(entry);
  });
  noteChange(store, { by: OWNER_ID, kind: "token.created", what: name });
  const { prefix, scopes, expiresAt } = entry;
  context.terminal.data({ name, token, prefix, scopes, expiresAt });
  context.terminal.line(token);
  if (!context.terminal.json) context.terminal.note("This is shown once: keep it now.");
}

async function list({ terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  const tokens = await store.identities.tokens();
  terminal.data(tokens.map(({ hash: _, ...rest }) => rest));
  if (tokens.length === 0) return terminal.line("No tokens yet");
  const rows = tokens.map(({ name, prefix, scopes, expiresAt, createdBy = "-" }) => [
    name,
    `alk_${prefix}_…`,
    scopes.join(" "),
    expiresAt ? state(expiresAt) : "never",
    createdBy,
  ]);
  for (const line of columns([["NAME", "TOKEN", "SCOPES", "EXPIRES", "MADE BY"], ...rows])) {
    terminal.line(line);
  }
}

async function revoke(name: string, { terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  await store.identities.removeToken(name);
  noteChange(store, { by: OWNER_ID, kind: "token.revoked", what: name });
  terminal.data({ revoked: name });
  terminal.line(`Token "${name}" is revoked`);
}

function state(expiresAt: Date): string {
  const day = expiresAt.toISOString().slice(0, 16).replace("T", " ");
  return expiresAt.getTime() <= Date.now() ? `${day} (over)` : day;
}
