import { ConnectionClosedError, type Stream } from "@alknet/core";
import { socketStream } from "@alknet/core/transport";

import { H1Client } from "../h1/h1_client.ts";

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

/** Time that a server is passed over after it could not be reached. */
const DOWN_MS = 10_000;

/** A server whose turn it is. */
export interface Turn {
  /** The server. */
  readonly upstream: Upstream;
  /** Asks it over the connections that are kept to it. */
  readonly client: H1Client;
  /** To be told when it could not be reached: it is then asked last for a while. */
  failed(): void;
}

/** Servers behind one site: in turn, those that could not be reached last. */
export class UpstreamPool implements Disposable {
  readonly #members: readonly {
    readonly upstream: Upstream;
    readonly client: H1Client;
    downUntil: number;
  }[];
  readonly #now: () => number;
  #turn = 0;

  /** Opens nothing yet; `now` is the clock, in milliseconds. */
  constructor(upstreams: readonly Upstream[], now: () => number = Date.now) {
    this.#now = now;
    this.#members = upstreams.map((upstream) => ({
      upstream,
      client: new H1Client({ connect: (signal) => connectable(upstream, signal) }),
      downUntil: 0,
    }));
  }

  /** All of them in the order in which they are to be tried now. */
  inTurn(): Turn[] {
    const start = this.#turn++ % Math.max(1, this.#members.length);
    const turned = [...this.#members.slice(start), ...this.#members.slice(0, start)];
    const now = this.#now();
    const up = turned.filter(({ downUntil }) => downUntil <= now);
    const down = turned.filter(({ downUntil }) => downUntil > now);
    return [...up, ...down].map((member) => ({
      upstream: member.upstream,
      client: member.client,
      failed: () => void (member.downUntil = this.#now() + DOWN_MS),
    }));
  }

  /** Closes what is kept open. */
  [Symbol.dispose](): void {
    for (const { client } of this.#members) client[Symbol.dispose]();
  }
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
 * @throws The signal's reason.
 */
export async function connectable(upstream: Upstream, signal: AbortSignal): Promise<Stream> {
  try {
    return await upstream.connect(signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof ConnectionClosedError ? error.info.reason : String(error);
    throw new UnreachableError(`Cannot reach ${upstream.name}: ${why}`, { cause: error });
  }
}
