import { keyFingerprint, OWNER_ID, parseNodeId, parseScope, type StoredPeer } from "@alknet/core";
import { decodeTicket, looksLikeTicket, parseAddress } from "@alknet/client";
import { Command } from "commander";
import { type CommandContext, contextOf, repeated } from "../context.ts";
import { CliError, ExitCode } from "../errors.ts";
import { readIdentities } from "../node/identities_file.ts";
import { isName } from "../node/names.ts";
import { noteChange } from "../node/note_change.ts";
import { openConfiguredStore } from "../node/open_store.ts";
import { sshKeyBlob } from "../node/ssh_key.ts";
import { columns } from "../terminal.ts";

interface AddOptions {
  readonly nodeId?: string;
  readonly fingerprint?: readonly string[];
  readonly sshKey?: readonly string[];
  readonly address?: readonly string[];
  readonly scope?: readonly string[];
  readonly group?: readonly string[];
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
    .option("--group <name>", "a group whose scopes it has as well", repeated)
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
  peer.command("remove-key")
    .description("take one key from a peer; connections proven with it end at once")
    .argument("<name>")
    .argument("<fingerprint>", "ed25519:<hex> or SHA256:<hex>")
    .action((name: string, fingerprint: string, _options: unknown, command: Command) =>
      removeKey(name, fingerprint, contextOf(command))
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
  assertPeerName(name);
  const added = await entryOf(name, options);
  await using store = await openConfiguredStore(paths);
  const old = await store.identities.peer(name);
  const peer = old ? merged(old, added) : added;
  await store.identities.putPeer(peer);
  noteChange(store, { by: OWNER_ID, kind: old ? "peer.changed" : "peer.added", what: name });
  terminal.data(peer);
  const keys = peer.fingerprints.length + peer.sshKeys.length;
  const may = [...peer.scopes, ...(peer.groups ?? []).map((group) => `group ${group}`)];
  terminal.line(
    `Peer "${name}": ${keys} keys, may ${may.join(" ") || "nothing beyond connecting"}`,
  );
}

async function entryOf(name: string, options: AddOptions): Promise<StoredPeer> {
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
    groups: options.group ?? [],
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

function merged(old: StoredPeer, added: StoredPeer): StoredPeer {
  const union = (
    a: readonly string[],
    b: readonly string[],
  ): string[] => [...new Set([...a, ...b])];
  return {
    ...old,
    displayName: added.displayName ?? old.displayName,
    nodeId: added.nodeId ?? old.nodeId,
    addresses: union(added.addresses ?? [], old.addresses ?? []),
    groups: union(old.groups ?? [], added.groups ?? []),
    fingerprints: union(old.fingerprints, added.fingerprints),
    sshKeys: union(old.sshKeys, added.sshKeys),
    scopes: union(old.scopes, added.scopes),
  };
}

async function list({ terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  const stored = await Array.fromAsync(store.identities.peers());
  const { peers: byHand } = await readIdentities(paths.identities);
  terminal.data([...stored, ...byHand]);
  if (stored.length + byHand.length === 0) {
    return terminal.line('No peers yet: "alknet invite", or "alknet peer add NAME --node-id ID"');
  }
  const rows = [
    ...stored.map((peer) => [...cells(peer), ""]),
    ...byHand.map((peer) => [...cells(peer), "identities.toml"]),
  ];
  for (const line of columns([["NAME", "STATE", "KEYS+SSH", "SCOPES", "ADDRESSES", ""], ...rows])) {
    terminal.line(line);
  }
}

function cells(peer: StoredPeer): string[] {
  const scopes = [...peer.scopes, ...(peer.groups ?? []).map((group) => `(${group})`)];
  return [
    peer.peerId,
    peer.enabled ? "in" : "out",
    `${peer.fingerprints.length}+${peer.sshKeys.length}`,
    scopes.join(" ") || "-",
    peer.addresses?.join(" ") || "-",
  ];
}

async function remove(name: string, { terminal, paths }: CommandContext): Promise<void> {
  await using store = await openConfiguredStore(paths);
  await store.identities.removePeer(name);
  noteChange(store, { by: OWNER_ID, kind: "peer.removed", what: name });
  terminal.data({ removed: name });
  terminal.line(`Peer "${name}" is removed`);
}

async function setEnabled(
  name: string,
  enabled: boolean,
  { terminal, paths }: CommandContext,
): Promise<void> {
  await using store = await openConfiguredStore(paths);
  await store.identities.updatePeer(name, { enabled });
  noteChange(store, { by: OWNER_ID, kind: enabled ? "peer.enabled" : "peer.disabled", what: name });
  terminal.data({ name, enabled });
  terminal.line(`Peer "${name}" is ${enabled ? "let in again" : "kept out"}`);
}

async function removeKey(
  name: string,
  fingerprint: string,
  { terminal, paths }: CommandContext,
): Promise<void> {
  await using store = await openConfiguredStore(paths);
  await store.identities.removeFingerprint(name, fingerprint);
  noteChange(store, { by: OWNER_ID, kind: "peer.key-removed", what: name, fingerprint });
  terminal.data({ name, removed: fingerprint });
  terminal.line(`Peer "${name}" has lost the key ${fingerprint}`);
}

/** Refuses names that would not survive a command line, a log or a path. */
export function assertPeerName(name: string): void {
  if (isName(name)) return;
  throw new CliError(
    `Peer names have 1-63 letters, digits, ".", "_" and "-", not "${name.slice(0, 80)}"`,
    ExitCode.Usage,
  );
}
