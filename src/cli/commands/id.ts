import { encodeTicket, parseAddress } from "@alknet/client";
import { nodeServerName, signedAnchor } from "@alknet/core";
import { Command } from "commander";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { readNodeKey, type VaultOptions } from "../node/open_vault.ts";
import { ownAddresses } from "../node/own_addresses.ts";
import { namesOf } from "../node/names_of.ts";
import type { Terminal } from "../terminal.ts";

interface IdOptions extends VaultOptions {
  readonly ca?: boolean;
  readonly only?: string;
}

const MAX_TICKET_ADDRESSES = 8;

/** `alknet id`: who this node is and how others reach and trust it. */
export function idCommand(): Command {
  return withVaultOptions(
    new Command("id")
      .description("show this node's id, fingerprint, addresses and ticket")
      .option("--only <what>", "print just node-id, fingerprint, server-name or ticket")
      .option("--ca", "print the anchor certificate, for curl --cacert and openssl -CAfile"),
  ).action((options: IdOptions, command: Command) => id(options, contextOf(command)));
}

async function id(options: IdOptions, { terminal, paths }: CommandContext): Promise<void> {
  const key = await readNodeKey(paths, options);
  const anchor = await signedAnchor(key);
  if (options.ca && !terminal.json) return terminal.line(anchor.trimEnd());
  const { nodeId, fingerprint } = namesOf(key);
  const serverName = nodeServerName(key.publicKey);
  const addresses = await ownAddresses(paths);
  const ticket = encodeTicket({
    nodeId,
    addresses: addresses.slice(0, MAX_TICKET_ADDRESSES).map((each) => parseAddress(each)),
  });
  if (options.only) {
    const parts = new Map([
      ["node-id", nodeId],
      ["fingerprint", fingerprint],
      ["server-name", serverName],
      ["ticket", ticket],
    ]);
    return printOnly(options.only, parts, terminal);
  }
  terminal.data({ nodeId, fingerprint, serverName, addresses, ticket, anchor });
  const { bold } = terminal.style;
  terminal.line(`${bold("Node id")}      ${nodeId}`);
  terminal.line(`${bold("Fingerprint")}  ${fingerprint}`);
  terminal.line(`${bold("TLS name")}     ${serverName}`);
  for (const address of addresses) terminal.line(`${bold("Reach it at")}  ${nodeId}@${address}`);
  terminal.line(`${bold("Ticket")}       ${ticket}`);
}

function printOnly(what: string, parts: ReadonlyMap<string, string>, terminal: Terminal): void {
  const part = parts.get(what);
  if (part === undefined) {
    throw new CliError(`--only must be one of ${[...parts.keys()].join(", ")}`, ExitCode.Usage);
  }
  terminal.data(part);
  terminal.line(part);
}
