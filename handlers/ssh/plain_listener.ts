import { type Address, type IdentityProvider, ListenError } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";
import { getLogger } from "@logtape/logtape";

import { ALPN, type SshHandler } from "./ssh.ts";

/** What {@linkcode listenPlain} is told. */
export interface PlainListenOptions {
  /** Address and port. */
  readonly address: Address;
  /** Who keys belong to. */
  readonly identities: IdentityProvider;
  /** Connections at once; more are turned away. Default: 1,024. */
  readonly maxConnections?: number;
}

/** Plain SSH on a TCP port; ends with its connections when disposed of. */
export interface PlainListener extends AsyncDisposable {
  /** The bound address. */
  readonly addr: Address;
}

const MAX_CONNECTIONS = 1_024;
const log = getLogger(["alknet", "ssh"]);

/**
 * Serves SSH on a TCP port of its own, without TLS, for programs that know nothing else.
 *
 * @param handler What serves the connections.
 * @param options Where, and for whom.
 * @throws {ListenError} When the port cannot be had.
 *
 * @example
 * ```ts
 * import { NOBODY } from "@alknet/core";
 * import { ed25519HostKey, listenPlain, ssh } from "@alknet/ssh";
 * import { ok } from "node:assert/strict";
 *
 * const handler = ssh({ hostKey: ed25519HostKey(crypto.getRandomValues(new Uint8Array(32))) });
 * const address = { hostname: "127.0.0.1", port: 0 };
 * await using listener = listenPlain(handler, { address, identities: NOBODY });
 * ok(listener.addr.port > 0);
 * ```
 */
export function listenPlain(
  handler: SshHandler,
  { address, identities, maxConnections = MAX_CONNECTIONS }: PlainListenOptions,
): PlainListener {
  const listener = open(address);
  const abort = new AbortController();
  const serving = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const socket of listener) {
      if (serving.size >= maxConnections) {
        socket.close();
        continue;
      }
      const task = serveSocket(handler, socket, identities, abort.signal);
      serving.add(task);
      task.finally(() => serving.delete(task));
    }
  })();
  return {
    addr: listener.addr,
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      abort.abort();
      await accepting;
      await Promise.all(serving);
    },
  };
}

async function serveSocket(
  handler: SshHandler,
  socket: Deno.TcpConn,
  identities: IdentityProvider,
  signal: AbortSignal,
): Promise<void> {
  const stream = socketStream(socket);
  try {
    socket.setNoDelay(true); // a keystroke's echo must not wait for the next one
    const { hostname, port } = socket.remoteAddr;
    const auth = { alpn: ALPN, remoteAddr: { hostname: plain(hostname), port } };
    await handler.serve(stream, { auth, identities, signal });
  } catch (error) {
    log.warn("ssh.failed", { error });
  } finally {
    stream.reset();
  }
}

function open({ hostname, port }: Address): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ListenError(`Cannot listen for SSH on ${hostname}:${port}: ${detail}`, { cause });
  }
}

/** IPv4 addresses in their plain form also on dual-stack sockets. */
function plain(hostname: string): string {
  return hostname.replace(/^::ffff:(?=\d+\.)/i, "");
}
