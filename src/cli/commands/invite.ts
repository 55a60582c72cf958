import { encodeTicket, parseAddress } from "@alknet/client";
import { formatNodeId, parseScope } from "@alknet/core";
import { Command } from "commander";
import { type CommandContext, contextOf, repeated, withVaultOptions } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { expiry } from "../expiry.ts";
import { invocation } from "../invocation.ts";
import { ownAddresses } from "../node/own_addresses.ts";
import { openConfiguredStore } from "../node/open_store.ts";
import { readNodeKey, type VaultOptions } from "../node/open_vault.ts";
import { qrLines } from "../qr.ts";
import { columns } from "../terminal.ts";

interface InviteCommandOptions extends VaultOptions {
  readonly scope?: readonly string[];
  readonly group?: readonly string[];
  readonly address?: readonly string[];
  readonly expires: string;
  readonly note?: string;
  readonly qr: boolean;
}

/** Addresses in a ticket: more make it too long to scan. */
const MAX_ADDRESSES = 4;

/** `alknet invite`: one-time tickets. */
export function inviteCommand(): Command {
  const invite = withVaultOptions(
    new Command("invite")
      .description("print a one-time ticket that lets another machine in")
      .option("--scope <scope>", "what it may do: <area>:<verb>[:<object>]", repeated)
      .option("--group <name>", "a group whose scopes it has as well", repeated)
      .option(
        "--address <host:port>",
        "where it will reach this node, if not where it is",
        repeated,
      )
      .option("--expires <when>", "until when, such as 30m, 12h or 2027-01-31", "1h")
      .option("--note <text>", "for whom it is")
      .option("--no-qr", "leave out the QR code"),
  ).action((options: InviteCommandOptions, command: Command) =>
    create(options, contextOf(command))
  );
  invite.command("list")
    .description("list invitations, without their secrets")
    .action((_options: unknown, command: Command) => list(contextOf(command)));
  invite.command("revoke")
    .description("take an invitation back")
    .argument("<id>")
    .action((id: string, _options: unknown, command: Command) => revoke(id, contextOf(command)));
  return invite;
}

async function create(options: InviteCommandOptions, context: CommandContext): Promise<void> {
  const { terminal, paths } = context;
  const scopes = (options.scope ?? []).map((scope) => parseScope(scope));
  const key = await readNodeKey(paths, options);
  const addresses = options.address ?? await ownAddresses(paths);
  if (addresses.length === 0) {
    throw new CliError("This node has no address: give --address host:port", ExitCode.Usage);
  }
  await using store = await openConfiguredStore(paths);
  const { invite, secret } = await store.invites.create({
    scopes,
    groups: options.group,
    note: options.note,
    expiresAt: expiry(options.expires),
  });
  store.audit.append({ kind: "invite.created", detail: invite.id });
  const ticket = encodeTicket({
    nodeId: formatNodeId(key.publicKey),
    addresses: addresses.slice(0, MAX_ADDRESSES).map((each) => parseAddress(each)),
    secret: Uint8Array.fromHex(secret),
  });
  terminal.data({ id: invite.id, ticket, expiresAt: invite.expiresAt, scopes, addresses });
  if (options.qr && Deno.stdout.isTerminal()) {
    for (const row of qrLines(ticket)) terminal.line(row);
  }
  terminal.line(ticket);
  if (terminal.json) return;
  terminal.note(`Good once, until ${invite.expiresAt.toISOString().slice(0, 16)}Z. There:`);
  terminal.note(`  ${invocation()} join TICKET`);
}

async function list({ terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  const invites = await store.invites.list();
  terminal.data(invites);
  if (invites.length === 0) return terminal.line("No invitations");
  const rows = invites.map(({ id, scopes, note = "-", expiresAt, usedBy }) => [
    id,
    usedBy ? `used by ${usedBy}` : expiresAt.getTime() <= Date.now() ? "expired" : "open",
    expiresAt.toISOString().slice(0, 16).replace("T", " "),
    scopes.join(" ") || "-",
    note,
  ]);
  for (const line of columns([["ID", "STATE", "EXPIRES", "SCOPES", "NOTE"], ...rows])) {
    terminal.line(line);
  }
}

async function revoke(id: string, { terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  await store.invites.revoke(id);
  store.audit.append({ kind: "invite.revoked", detail: id });
  terminal.data({ revoked: id });
  terminal.line(`Invitation ${id} is taken back`);
}
