import { type Connection, ConnectionClosedError, formatNodeId, type Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";
import { parseAddress } from "@alknet/client";
import {
  ALPN,
  type ClientLimits,
  type MultiplexerHooks,
  SshAuthError,
  SshClientSession,
  SshHostKeyError,
  SshProtocolError,
} from "@alknet/ssh";
import type { Command } from "commander";
import { withVaultOptions } from "../context.ts";
import { repeated } from "../context.ts";
import { dialAs, type DialCommandOptions, findTarget, withDialOptions } from "../dialling.ts";
import { CliError, ExitCode } from "../errors.ts";
import type { Paths } from "../paths.ts";
import { answerQuestions } from "./ask.ts";
import { HostKeyCheck, rememberHostKey } from "./host_keys.ts";
import { type LoginKeyOptions, loginKeys } from "./login_keys.ts";

/** Options of every command that logs in by SSH. */
export interface SshCommandOptions extends DialCommandOptions, LoginKeyOptions {
  /** The name to log in under. */
  readonly login?: string;
  /** Fingerprint of the host key to expect. */
  readonly hostKey?: string;
  /** Whether the node's key is proven before SSH begins. */
  readonly auth?: boolean;
}

/** Adds the options of logging in. */
export function withSshOptions(command: Command): Command {
  withVaultOptions(withDialOptions(command))
    .option("-l, --login <name>", "the name to log in under (default: yours here)")
    .option("-i, --identity <file>", "a private key to log in with, and no other", repeated)
    .option("--host-key <fingerprint>", "the host key to expect, as SHA256:…, with tcp://")
    .option("--auth", "prove this node's key first, for nodes that let it in without an SSH key");
  return command;
}

/** How a target of SSH is written, for help texts. */
export const SSH_TARGET = "<node-id>@host:port, a ticket, a peer's name, or tcp://host:port";

/**
 * Logs in at a target.
 *
 * @param paths Where keys and known hosts are.
 * @param target See {@linkcode SSH_TARGET}.
 * @param options What the command line said, and what the server may open.
 * @throws {CliError} When the server is not the one, or does not let in.
 */
export async function openSession(
  paths: Paths,
  target: string,
  options: SshCommandOptions & {
    readonly hooks?: MultiplexerHooks;
    readonly limits?: Partial<ClientLimits>;
    readonly signal?: AbortSignal;
    onBanner?(text: string): void;
  },
): Promise<SshClientSession> {
  const { check, name } = await expectation(paths, target, options);
  const way = await reach(paths, target, options);
  try {
    const session = await SshClientSession.connect(way.stream, {
      user: options.login ?? Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? "alknet",
      keys: await loginKeys(paths, options),
      verifyHostKey: (key) => check.verify(key),
      answer: answerQuestions,
      hooks: options.hooks,
      limits: options.limits,
      onBanner: options.onBanner,
    });
    session.ended.then(() => way.close());
    if (check.isFirst && name) await rememberHostKey(paths, name, check.shown);
    return session;
  } catch (error) {
    way.close();
    throw explained(error, target, check, paths);
  }
}

interface Way {
  readonly stream: Stream;
  close(): void;
}

async function reach(paths: Paths, target: string, options: SshCommandOptions): Promise<Way> {
  const address = plainAddress(target);
  if (address) return await reachPlain(address.hostname, address.port, options.timeout);
  const proof = options.auth ?? false;
  const { conn } = await dialAs(paths, target, ALPN, {
    ...options,
    proof,
    identity: "node",
  });
  return { stream: await conn.openStream(), close: () => closeSoon(conn) };
}

/** The last words of SSH are still on their way. */
function closeSoon(conn: Connection): void {
  setTimeout(() => conn.close(), CLOSE_DELAY_MS);
}

const CLOSE_DELAY_MS = 20;

async function reachPlain(hostname: string, port: number, timeoutS: number): Promise<Way> {
  try {
    const signal = AbortSignal.timeout(timeoutS * 1_000);
    const socket = await Deno.connect({ hostname, port, signal });
    socket.setNoDelay(true);
    const stream = socketStream(socket);
    return { stream, close: () => stream.reset() };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      `Cannot reach ${hostname}:${port}: ${detail}`,
      ExitCode.Unreachable,
      { cause },
    );
  }
}

function plainAddress(target: string): { hostname: string; port: number } | undefined {
  if (!target.startsWith("tcp://")) return undefined;
  const text = target.slice("tcp://".length);
  return parseAddress(/:\d+$/.test(text) ? text : `${text}:22`);
}

/** What the host key should be, and under which name it is remembered. */
async function expectation(
  paths: Paths,
  target: string,
  { hostKey }: SshCommandOptions,
): Promise<{ check: HostKeyCheck; name?: string }> {
  const address = plainAddress(target);
  if (address) {
    const { hostname, port } = address;
    const name = port === 22 ? hostname : `[${hostname}]:${port}`;
    return { check: await HostKeyCheck.ofStranger(paths, name, hostKey), name };
  }
  const { trust } = await findTarget(paths, target);
  const name = trust.kind === "node-id" ? formatNodeId(trust.publicKey) : undefined;
  return { check: await HostKeyCheck.ofNode(paths, name), name };
}

/** What a failed login comes down to, for the person at the keyboard. */
function explained(error: unknown, target: string, check: HostKeyCheck, paths: Paths): unknown {
  if (error instanceof SshHostKeyError) return check.refusal(target, paths);
  if (error instanceof SshAuthError) {
    return new CliError(
      `${target} does not let you in: ${error.message}; its owner can: ` +
        'alknet peer add NAME --node-id ID --scope ssh:shell, with the id from "alknet id", or ' +
        "--ssh-key FILE.pub",
      ExitCode.Refused,
      { cause: error },
    );
  }
  if (error instanceof SshProtocolError || error instanceof ConnectionClosedError) {
    // A node that waits for the proof of a key hears SSH instead, and the other way round.
    const advice = check.shown.length > 0
      ? ""
      : "; if it has [ssh] peer_proof, give --auth, and if not, leave it out";
    return new CliError(
      `${target} ended the connection: ${error.message}${advice}`,
      ExitCode.Unreachable,
      { cause: error },
    );
  }
  return error;
}
