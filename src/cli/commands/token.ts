import { createToken, hashToken, parseScope, type TokenEntry } from "@alknet/core";
import { Command } from "commander";
import { type CommandContext, contextOf, repeated } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { readIdentities, updateIdentities } from "../node/identities_file.ts";
import { columns } from "../terminal.ts";
import { tellNode } from "./peer.ts";

interface CreateOptions {
  readonly scope: readonly string[];
  readonly expires?: string;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

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
  const { token, prefix } = createToken();
  const entry: TokenEntry = {
    name,
    prefix,
    hash: hashToken(token),
    scopes: options.scope.map((scope) => parseScope(scope)),
    expiresAt: options.expires === undefined ? undefined : expiry(options.expires),
  };
  await updateIdentities(context.paths.identities, (file) => {
    if (file.tokens.some((each) => each.name === name)) {
      throw new CliError(`Token "${name}" exists: revoke it first, or choose another name`, 2);
    }
    return { ...file, tokens: [...file.tokens, entry] };
  });
  await tellNode(context);
  context.terminal.data({ name, token, prefix, scopes: entry.scopes, expiresAt: entry.expiresAt });
  context.terminal.line(token);
  if (!context.terminal.json) context.terminal.note("This is shown once: keep it now.");
}

async function list({ terminal, paths }: CommandContext): Promise<void> {
  const { tokens } = await readIdentities(paths.identities);
  terminal.data(tokens.map(({ hash: _, ...rest }) => rest));
  if (tokens.length === 0) return terminal.line("No tokens yet");
  const rows = tokens.map(({ name, prefix, scopes, expiresAt }) => [
    name,
    `alk_${prefix}_…`,
    scopes.join(" "),
    expiresAt ? state(expiresAt) : "never",
  ]);
  for (const line of columns([["NAME", "TOKEN", "SCOPES", "EXPIRES"], ...rows])) {
    terminal.line(line);
  }
}

async function revoke(name: string, context: CommandContext): Promise<void> {
  await updateIdentities(context.paths.identities, (file) => {
    if (!file.tokens.some((each) => each.name === name)) {
      throw new CliError(`Unknown token "${name}": see "alknet token list"`, ExitCode.Usage);
    }
    return { ...file, tokens: file.tokens.filter((each) => each.name !== name) };
  });
  await tellNode(context);
  context.terminal.data({ revoked: name });
  context.terminal.line(`Token "${name}" is revoked`);
}

function state(expiresAt: Date): string {
  const day = expiresAt.toISOString().slice(0, 16).replace("T", " ");
  return expiresAt.getTime() <= Date.now() ? `${day} (over)` : day;
}

/** `12h`, `30d`, or a date. */
function expiry(text: string): Date {
  const [, count = "", unit = ""] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = UNIT_MS.get(unit);
  const date = ms ? new Date(Date.now() + Number(count) * ms) : new Date(text);
  if (Number.isNaN(date.getTime()) || date.getTime() <= Date.now()) {
    throw new CliError(`--expires must lie ahead, such as 12h, 30d or 2027-01-31`, ExitCode.Usage);
  }
  return date;
}
