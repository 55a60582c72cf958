import type { AcmeStatus } from "@alknet/acme";
import type { Address, ConnectionInfo, Counters, Endpoint, Traffic } from "@alknet/core";
import type { Config } from "../config/config.ts";
import { VERSION } from "../version.ts";
import type { PeerStatus } from "./peer_links.ts";
import type { ServiceStatus } from "./import_services.ts";
import type { SiteServer } from "./node_sites.ts";
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
  readonly connections: readonly ConnectionStatus[];
  /** Peers that offer operations, or should. */
  readonly peers: readonly PeerStatus[];
  readonly memoryBytes: number;
  /** Services whose operations are offered here. */
  readonly services: readonly ServiceStatus[];
  /** The certificate from an authority, where one is wanted. */
  readonly acme?: AcmeStatus;
  /** Servers behind sites. */
  readonly upstreams: readonly SiteServer[];
  readonly traffic: Traffic;
  /** What SSH makes terminals with; missing where there are none. */
  readonly terminals?: string;
}

/** One connection; the time is text. */
export type ConnectionStatus = Omit<ConnectionInfo, "openedAt"> & { readonly openedAt: string };

/** One listener. */
export interface ListenerStatus {
  readonly address: string;
  readonly port: number;
  readonly reachable: string[];
  readonly transports: string[];
  readonly names: string[];
  readonly certificateEnds: string;
  readonly certificateSha256: string;
}

/** One handler. */
export interface HandlerStatus {
  readonly name: string;
  readonly alpn: string[];
  readonly peerAuth: string;
  readonly connections: number;
}

/** Most connections listed, so that a busy node's answer stays small; the counters have them all. */
export const MAX_CONNECTIONS = 1_000;

/** What stands beside the endpoint. */
export interface StatusSources {
  /** When the node was started. */
  readonly startedAt: Date;
  /** Peers that offer operations, or should. */
  readonly peers: readonly PeerStatus[];
  /** Services whose operations are offered. */
  readonly services: readonly ServiceStatus[];
  /** The certificate from an authority, where one is wanted. */
  readonly acme?: AcmeStatus;
  /** Servers behind sites. */
  readonly upstreams: readonly SiteServer[];
  /** What SSH makes terminals with, where there are any. */
  readonly terminals?: string;
}

/** The status of a running node. */
export function statusOf(
  endpoint: Endpoint,
  config: Config,
  { startedAt, peers, services, acme, upstreams, terminals }: StatusSources,
): NodeStatus {
  const { connections } = endpoint;
  return {
    version: VERSION,
    pid: Deno.pid,
    nodeId: endpoint.nodeId,
    startedAt: startedAt.toISOString(),
    config: config.file ?? "embedded default",
    listeners: endpoint.listeners.map(listenerStatus),
    handlers: endpoint.handlers.map((handler) => handlerStatus(handler, connections)),
    counters: { ...endpoint.counters },
    connections: connections.slice(0, MAX_CONNECTIONS).map(connectionStatus),
    peers: peers.slice(0, MAX_CONNECTIONS),
    services,
    acme,
    upstreams,
    memoryBytes: Deno.memoryUsage().rss,
    traffic: { ...endpoint.traffic },
    terminals,
  };
}

/** One connection, for programs. */
export function connectionStatus(conn: ConnectionInfo): ConnectionStatus {
  return { ...conn, openedAt: conn.openedAt.toISOString() };
}

/** One handler, and how many of the connections are its own. */
export function handlerStatus(
  { name, alpn, peerAuth = "none" }: Endpoint["handlers"][number],
  connections: readonly ConnectionInfo[],
): HandlerStatus {
  const own = connections.filter((conn) => conn.handler === name);
  return { name, alpn: [...alpn], peerAuth, connections: own.length };
}

/** One listener, and its certificate. */
export function listenerStatus(listener: Endpoint["listeners"][number]): ListenerStatus {
  const { addr, transports, certificates: { leaf, names } } = listener;
  return {
    address: formatAddress(addr),
    port: addr.port,
    reachable: reachableAddresses(addr).map((each: Address) => formatAddress(each)),
    transports: [...transports],
    names: [...names],
    certificateEnds: leaf.notAfter.toISOString(),
    certificateSha256: leaf.sha256.toHex(),
  };
}
