import type { Address, ConnectionInfo, Counters, Endpoint } from "@alknet/core";
import type { Config } from "../config/config.ts";
import { VERSION } from "../version.ts";
import { formatAddress, reachableAddresses } from "./addresses.ts";

/** What `alknet status` shows, as the running node sends it. */
export interface NodeStatus {
  readonly version: string;
  readonly pid: number;
  readonly nodeId: string;
  readonly startedAt: string;
  readonly config: string;
  readonly listeners: readonly ListenerStatus[];
  readonly handlers: readonly HandlerStatus[];
  readonly counters: Counters;
  readonly connections: readonly (Omit<ConnectionInfo, "openedAt"> & { openedAt: string })[];
  readonly memoryBytes: number;
  /** What SSH makes terminals with; missing where there are none. */
  readonly terminals?: string;
}

/** One listener. */
export interface ListenerStatus {
  readonly address: string;
  readonly port: number;
  readonly reachable: readonly string[];
  readonly transports: readonly string[];
  readonly names: readonly string[];
  readonly certificateEnds: string;
  readonly certificateSha256: string;
}

/** One handler. */
export interface HandlerStatus {
  readonly name: string;
  readonly alpn: readonly string[];
  readonly peerAuth: string;
  readonly connections: number;
}

/** Most connections listed, so that a busy node's answer stays small; the counters have them all. */
const MAX_CONNECTIONS = 1_000;

/** The status of a running endpoint. */
export function statusOf(
  endpoint: Endpoint,
  config: Config,
  { startedAt, terminals }: { readonly startedAt: Date; readonly terminals?: string },
): NodeStatus {
  const { connections } = endpoint;
  return {
    version: VERSION,
    pid: Deno.pid,
    nodeId: endpoint.nodeId,
    startedAt: startedAt.toISOString(),
    config: config.file ?? "embedded default",
    listeners: endpoint.listeners.map(listenerStatus),
    handlers: endpoint.handlers.map(({ name, alpn, peerAuth = "none" }) => ({
      name,
      alpn,
      peerAuth,
      connections: connections.filter((conn) => conn.handler === name).length,
    })),
    counters: { ...endpoint.counters },
    connections: connections.slice(0, MAX_CONNECTIONS).map((conn) => ({
      ...conn,
      openedAt: conn.openedAt.toISOString(),
    })),
    memoryBytes: Deno.memoryUsage().rss,
    terminals,
  };
}

function listenerStatus(listener: Endpoint["listeners"][number]): ListenerStatus {
  const { addr, transports, certificates: { leaf, names } } = listener;
  return {
    address: formatAddress(addr),
    port: addr.port,
    reachable: reachableAddresses(addr).map((each: Address) => formatAddress(each)),
    transports,
    names,
    certificateEnds: leaf.notAfter.toISOString(),
    certificateSha256: leaf.sha256.toHex(),
  };
}
