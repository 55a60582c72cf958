import { keyFingerprint, parseNodeId, parseScope } from "@alknet/core";
import { decodeTicket, looksLikeTicket, parseAddress } from "@alknet/client";
import { Command } from "commander";
import { type CommandContext, contextOf, repeated } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { askNode, isRunning } from "../node/control.ts";
import { type FilePeer, readIdentities, updateIdentities } from "../node/identities_file.ts";
import { sshKeyBlob } from "../node/ssh_key.ts";
import { columns } from "../terminal.ts";

interface AddOptions {
  readonly nodeId?: string;
  readonly fingerprint?: readonly string[];
  readonly sshKey?: readonly string[];
  readonly address?: readonly string[];
  readonly scope?: readonly string[];
  readonly displayName?: string;
}

/** `alknet peer`: who may connect, and what they may do. */
export function peerCommand(): Command {
  const peer = new Command("peer").description("who may connect, and what they may do");
  peer.command("add")
    .description("add a peer, or add keys, addresses and scopes to one")
    .argument("<name>", "the peer's id here: stays when its keys change")
    .option("--node-id <id>", "its node id, or its ticket, which also tells its addresses")
    .option(
      "--fingerprint <print>",
      "ed25519:<hex> or SHA256:<hex> of a key or certificate",
      repeated,
    )
    .option("--ssh-key <file>", "an OpenSSH public key file", repeated)
    .option(
      "--address <host:port>",
      "where it can be dialled, so that its name is a target",
      repeated,
    )
    .option("--scope <scope>", "what it may do: <area>:<verb>[:<object>]", repeated)
    .option("--display-name <text>", "a name for people")
    .action((name: string, options: AddOptions, command: Command) =>
      add(name, options, contextOf(command))
    );
  peer.command("list")
    .description("list peers")
    .action((_options: unknown, command: Command) => list(contextOf(command)));
  peer.command("remove")
    .description("remove a peer; its open connections end at once")
    .argument("<name>")
    .action((name: string, _options: unknown, command: Command) =>
      remove(name, contextOf(command))
    );
  for (const [verb, enabled] of [["enable", true], ["disable", false]] as const) {
    peer.command(verb)
      .description(enabled ? "let a peer in again" : "keep a peer out; its connections end at once")
      .argument("<name>")
      .action((name: string, _options: unknown, command: Command) =>
        setEnabled(name, enabled, contextOf(command))
      );
  }
  return peer;
}

async function add(name: string, options: AddOptions, context: CommandContext): Promise<void> {
  const { terminal, paths } = context;
  assertName(name);
  const added = await entryOf(name, options);
  let result: FilePeer = added;
  await updateIdentities(paths.identities, (file) => {
    const old = file.peers.find((each) => each.peerId === name);
    result = old ? merged(old, added) : added;
    return { ...file, peers: [...file.peers.filter((each) => each !== old), result] };
  });
  await tellNode(context);
  terminal.data(result);
  const keys = result.fingerprints.length + result.sshKeys.length;
  const may = result.scopes.join(" ") || "nothing beyond connecting";
  terminal.line(`Peer "${name}": ${keys} keys, may ${may}`);
}

async function entryOf(name: string, options: AddOptions): Promise<FilePeer> {
  const { nodeId, addresses } = nodeOf(options.nodeId);
  const fingerprints = options.fingerprint ?? [];
  const sshKeys = await Promise.all((options.sshKey ?? []).map(sshKeyBlob));
  for (const address of options.address ?? []) parseAddress(address);
  return {
    peerId: name,
    displayName: options.displayName,
    nodeId,
    addresses: [...options.address ?? [], ...addresses],
    fingerprints: [...nodeId ? [keyFingerprint(parseNodeId(nodeId))] : [], ...fingerprints],
    sshKeys,
    scopes: (options.scope ?? []).map((scope) => parseScope(scope)),
    resources: {},
    enabled: true,
  };
}

function nodeOf(text: string | undefined): { nodeId?: string; addresses: readonly string[] } {
  if (text === undefined) return { addresses: [] };
  if (!looksLikeTicket(text)) {
    parseNodeId(text);
    return { nodeId: text, addresses: [] };
  }
  const { nodeId, addresses } = decodeTicket(text);
  return {
    nodeId,
    addresses: addresses.map(({ hostname, port }) =>
      hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`
    ),
  };
}

function merged(old: FilePeer, added: FilePeer): FilePeer {
  const union = (
    a: readonly string[],
    b: readonly string[],
  ): string[] => [...new Set([...a, ...b])];
  return {
    ...old,
    displayName: added.displayName ?? old.displayName,
    nodeId: added.nodeId ?? old.nodeId,
    addresses: union(added.addresses, old.addresses),
    fingerprints: union(old.fingerprints, added.fingerprints),
    sshKeys: union(old.sshKeys, added.sshKeys),
    scopes: union(old.scopes, added.scopes),
  };
}

async function list({ terminal, paths }: CommandContext): Promise<void> {
  const { peers } = await readIdentities(paths.identities);
  terminal.data(peers);
  if (peers.length === 0) {
    return terminal.line('No peers yet: "alknet peer add NAME --node-id ID" adds one');
  }
  const rows = peers.map((peer) => [
    peer.peerId,
    peer.enabled ? "in" : "out",
    `${peer.fingerprints.length}+${peer.sshKeys.length}`,
    peer.scopes.join(" ") || "-",
    peer.addresses.join(" ") || "-",
  ]);
  for (const line of columns([["NAME", "STATE", "KEYS+SSH", "SCOPES", "ADDRESSES"], ...rows])) {
    terminal.line(line);
  }
}

async function remove(name: string, context: CommandContext): Promise<void> {
  await updateIdentities(context.paths.identities, (file) => {
    assertKnown(file.peers, name);
    return { ...file, peers: file.peers.filter(({ peerId }) => peerId !== name) };
  });
  await tellNode(context);
  context.terminal.data({ removed: name });
  context.terminal.line(`Peer "${name}" is removed`);
}

async function setEnabled(name: string, enabled: boolean, context: CommandContext): Promise<void> {
  await updateIdentities(context.paths.identities, (file) => {
    assertKnown(file.peers, name);
    const peers = file.peers.map((peer) => peer.peerId === name ? { ...peer, enabled } : peer);
    return { ...file, peers };
  });
  await tellNode(context);
  context.terminal.data({ name, enabled });
  context.terminal.line(`Peer "${name}" is ${enabled ? "let in again" : "kept out"}`);
}

/** A running node notices by itself within half a second; told, it acts at once. */
export async function tellNode({ paths }: CommandContext): Promise<void> {
  if (await isRunning(paths.control)) await askNode(paths.control, "reload");
}

function assertKnown(peers: readonly FilePeer[], name: string): void {
  if (peers.some(({ peerId }) => peerId === name)) return;
  throw new CliError(`Unknown peer "${name}": see "alknet peer list"`, ExitCode.Usage);
}

function assertName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name)) return;
  throw new CliError(
    `Peer names have 1-63 letters, digits, ".", "_" and "-", not "${name.slice(0, 80)}"`,
    ExitCode.Usage,
  );
}
