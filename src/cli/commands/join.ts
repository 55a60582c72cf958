import { decodeTicket } from "@alknet/client";
import { CloseCode, keyFingerprint, parseNodeId } from "@alknet/core";
import { ALPN, joinOver } from "@alknet/join";
import { Command } from "commander";
import { hostname } from "node:os";
import { type CommandContext, contextOf, withVaultOptions } from "../context.ts";
import { dialAs, type DialCommandOptions, withDialOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import { formatAddress } from "../node/addresses.ts";
import { ownAddresses } from "../node/own_addresses.ts";
import { openConfiguredStore } from "../node/open_store.ts";
import { isRunning } from "../node/control.ts";
import { assertPeerName } from "./peer.ts";

interface JoinOptions extends DialCommandOptions {
  readonly name?: string;
  readonly as?: string;
}

const MAX_ADDRESSES = 8;

/** `alknet join`: uses a ticket of `alknet invite`. */
export function joinCommand(): Command {
  const command = new Command("join")
    .description("join a node with its ticket; both sides note each other as peers")
    .argument("<ticket>", 'what "alknet invite" printed there')
    .option("--name <name>", "what to be called there (default: this machine's name)")
    .option("--as <name>", "what to call that node here (default: node- and its id's start)");
  return withVaultOptions(withDialOptions(command)).action(
    (ticket: string, options: JoinOptions, self: Command) => join(ticket, options, contextOf(self)),
  );
}

async function join(text: string, options: JoinOptions, context: CommandContext): Promise<void> {
  const { terminal, paths } = context;
  const ticket = decodeTicket(text);
  if (!ticket.secret) {
    throw new CliError('This ticket is no invitation: ask for one of "alknet invite"', 2);
  }
  const name = options.name ?? machineName();
  const there = options.as ?? `node-${ticket.nodeId.slice(0, 8)}`;
  for (const each of [name, there]) assertPeerName(each);
  const { conn } = await dialAs(paths, text, ALPN, { ...options, proof: true });
  await using _ = conn;
  const addresses = await isRunning(paths.control) ? await ownAddresses(paths) : [];
  const secret = new Uint8Array(ticket.secret);
  const enrolled = await joinOver(conn, {
    secret,
    name,
    addresses: addresses.slice(0, MAX_ADDRESSES),
  });
  conn.close(CloseCode.Ok);
  await notePeer(there, ticket.nodeId, ticket.addresses.map(formatAddress), context);
  terminal.data({ node: there, nodeId: ticket.nodeId, ...enrolled });
  terminal.line(
    `There you are "${enrolled.peerId}", may ${enrolled.scopes.join(" ") || "nothing"}`,
  );
  terminal.line(`Here that node is "${there}": alknet ping ${there}`);
}

/** The other half: that node is a peer here, with no rights of its own yet. */
async function notePeer(
  peerId: string,
  nodeId: string,
  addresses: readonly string[],
  { paths }: CommandContext,
): Promise<void> {
  await using store = await openConfiguredStore(paths);
  const fingerprint = keyFingerprint(parseNodeId(nodeId));
  const known = store.identities.fromFingerprint(fingerprint);
  if (known) return await store.identities.updatePeer(known.id, { nodeId, addresses });
  await store.identities.putPeer({
    peerId,
    nodeId,
    addresses,
    fingerprints: [fingerprint],
    sshKeys: [],
    scopes: [],
    resources: {},
    enabled: true,
  });
  store.audit.append({ kind: "peer.added", peer: peerId, fingerprint });
}

/** This machine's name as a peer name. */
function machineName(): string {
  const name = hostname().split(".")[0]?.replaceAll(/[^a-z0-9_-]/gi, "-") ?? "";
  if (/^[a-z0-9]/i.test(name)) return name.slice(0, 63);
  throw new CliError("This machine has no usable name: give --name", ExitCode.Usage);
}
