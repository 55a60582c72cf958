import {
  dial,
  type DialOptions,
  type KnownPeer,
  looksLikeTicket,
  parseTarget,
  PathMemory,
  type Target,
} from "@alknet/client";
import type { Connection, StoredPeer } from "@alknet/core";
import type { Command } from "commander";
import { readIdentities } from "./node/identities_file.ts";
import { openConfiguredStore } from "./node/open_store.ts";
import { readNodeKey, type VaultOptions } from "./node/open_vault.ts";
import { makePrivateDirectory, type Paths } from "./paths.ts";
import { CliError, ExitCode } from "./errors.ts";
import { seconds } from "./seconds.ts";

/** Options of every command that dials. */
export interface DialCommandOptions extends VaultOptions {
  readonly transport?: string;
  /** In seconds. */
  readonly timeout: number;
}

/** Adds the options of dialling. */
export function withDialOptions(command: Command): Command {
  return command
    .option("--transport <name>", "use only quic or only tls, instead of racing both")
    .option("--timeout <time>", "give up dialling after this long", seconds("--timeout"), 10);
}

/** How {@linkcode dialAs} dials, beside what the command line said. */
export interface DialAsOptions {
  /** Whether the protocol begins with a proof. */
  readonly proof: boolean;
  /** With a proof: this node's key, or a stranger's word that there is none. Default: `node`. */
  readonly identity?: "node" | "anonymous";
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/**
 * Dials as this node, with what `peer add` knows and what worked before.
 *
 * @param options What the command line said, and who this is there.
 * @returns The connection, and how long dialling took.
 */
export async function dialAs(
  paths: Paths,
  target: string,
  alpn: string,
  options: DialCommandOptions & DialAsOptions,
): Promise<{ conn: Connection; dialMs: number }> {
  const wanted = await findTarget(paths, target);
  const anonymous = options.identity === "anonymous";
  const key = options.proof && !anonymous ? await readNodeKey(paths, options) : undefined;
  const memory = await readPaths(paths.dialPaths);
  const begun = performance.now();
  const conn = await dial(wanted, {
    alpn,
    identity: options.proof && anonymous ? "anonymous" : key,
    signal: options.signal,
    timeoutMs: options.timeout * 1_000,
    transports: transportsOf(options.transport),
    paths: memory,
  });
  const dialMs = performance.now() - begun;
  await writePaths(paths, memory);
  return { conn, dialMs };
}

/**
 * Reads a target, with the peers that are known here.
 *
 * @throws {TargetError} When it cannot be read.
 */
export async function findTarget(paths: Paths, target: string): Promise<Target> {
  const peer = await peerNamed(target, paths);
  return parseTarget(target, (name) => name === target ? peer : undefined);
}

/** A peer's name is neither an address nor a ticket; only then is the store worth opening. */
async function peerNamed(name: string, paths: Paths): Promise<KnownPeer | undefined> {
  if (/[@:[\]]/.test(name) || looksLikeTicket(name)) return undefined;
  const { peers } = await readIdentities(paths.identities);
  const byHand = peers.find((each) => each.peerId === name);
  const peer = byHand ?? await storedPeer(name, paths);
  return peer?.nodeId ? { nodeId: peer.nodeId, addresses: peer.addresses ?? [] } : undefined;
}

async function storedPeer(name: string, paths: Paths): Promise<StoredPeer | undefined> {
  await using store = await openConfiguredStore(paths);
  return await store.identities.peer(name);
}

function transportsOf(name: string | undefined): DialOptions["transports"] {
  if (name === undefined) return undefined;
  if (name === "quic" || name === "tls") return [name];
  throw new CliError(`--transport must be quic or tls, not "${name}"`, ExitCode.Usage);
}

/** A lost or broken memory costs a fraction of a second at the next dial, so it never fails one. */
async function readPaths(file: string): Promise<PathMemory> {
  const memory = new PathMemory();
  const text = await Deno.readTextFile(file).catch(() => "null");
  try {
    memory.restore(JSON.parse(text));
  } catch {
    return memory;
  }
  return memory;
}

async function writePaths(paths: Paths, memory: PathMemory): Promise<void> {
  const temporary = `${paths.dialPaths}.${crypto.randomUUID()}`;
  try {
    await makePrivateDirectory(paths.data);
    await Deno.writeTextFile(temporary, JSON.stringify(memory), { mode: 0o600 });
    await Deno.rename(temporary, paths.dialPaths);
  } catch {
    await Deno.remove(temporary).catch(() => {}); // see readPaths()
  }
}
