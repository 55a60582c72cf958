import { ConnectionClosedError, type Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";

import { BusyError } from "./bounded_upstream.ts";

/** A server behind a site. */
export interface Upstream {
  /** As configured, for people. */
  readonly name: string;
  /** The `Host` it is asked by, where a site does not keep the client's. */
  readonly host: string;
  /** Opens a stream to it. */
  connect(signal: AbortSignal): Promise<Stream>;
}

/** What {@linkcode upstream} can be told. */
export interface UpstreamOptions {
  /** Opens a stream to the HTTP handler of another node, by the peer's name. Default: cannot. */
  readonly dialPeer?: (peer: string, signal: AbortSignal) => Promise<Stream>;
}

/**
 * Reads where a server is: `http://host:port`, `https://host`, `unix:/path`, or `peer:NAME` for the
 * HTTP handler of another node, over alknet.
 *
 * @throws {TypeError} For anything else.
 *
 * @example
 * ```ts
 * import { upstream } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(upstream("http://127.0.0.1:3000").host, "127.0.0.1:3000");
 * ```
 */
export function upstream(text: string, options: UpstreamOptions = {}): Upstream {
  const [, scheme = "", rest = ""] = /^(unix|peer):(.+)$/.exec(text) ?? [];
  if (scheme === "unix") return unixUpstream(text, rest);
  if (scheme === "peer" && options.dialPeer) return peerUpstream(rest, options.dialPeer);
  const url = URL.parse(text);
  const plain = url?.href === `${url?.origin}/`;
  if (!url || !plain || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(
      `Cannot pass requests on to "${text}": write http://host:port, unix:/path or peer:NAME`,
    );
  }
  return { name: text, host: url.host, connect: (signal) => connectTo(url, signal) };
}

function unixUpstream(name: string, path: string): Upstream {
  const connect = async (): Promise<Stream> =>
    socketStream(await Deno.connect({ transport: "unix", path }));
  return { name, host: "localhost", connect };
}

function peerUpstream(
  peer: string,
  dialPeer: NonNullable<UpstreamOptions["dialPeer"]>,
): Upstream {
  return { name: `peer:${peer}`, host: peer, connect: (signal) => dialPeer(peer, signal) };
}

async function connectTo(
  { protocol, hostname: written, port }: URL,
  signal: AbortSignal,
): Promise<Stream> {
  const hostname = written.replace(/^\[|\]$/g, "");
  const secure = protocol === "https:";
  const conn = await Deno.connect({
    hostname,
    port: Number(port || (secure ? 443 : 80)),
    signal,
  });
  conn.setNoDelay(true);
  if (!secure) return socketStream(conn);
  return socketStream(await Deno.startTls(conn, { hostname, alpnProtocols: ["http/1.1"] }));
}

/** Thrown where a server was not reached: nothing of a request has gone there. */
export class UnreachableError extends Error {
  /** The class's name. */
  override readonly name = "UnreachableError";
  /** Who has to act. */
  readonly blame = "remote";
}

/**
 * Opens a stream to a server.
 *
 * @throws {UnreachableError} When it cannot be reached.
 * @throws {BusyError} When it has too many connections.
 * @throws The signal's reason, at once, even where `connect` goes on: what comes of it is given up.
 */
export async function connectable(upstream: Upstream, signal: AbortSignal): Promise<Stream> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  signal.addEventListener("abort", giveUp);
  const connecting = upstream.connect(signal);
  try {
    return await Promise.race([connecting, promise]);
  } catch (error) {
    connecting.then((late) => late.reset(), () => {}); // it has failed, or comes too late
    signal.throwIfAborted();
    if (error instanceof BusyError) throw error;
    const why = error instanceof ConnectionClosedError ? error.info.reason : String(error);
    throw new UnreachableError(`Cannot reach ${upstream.name}: ${why}`, { cause: error });
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
