import { getLogger } from "@logtape/logtape";

import type { Address } from "./connection.ts";
import type { LiveSession } from "./live_session.ts";

/** One connection as `status` shows it. */
export interface ConnectionInfo {
  /** The ALPN. */
  readonly alpn: string;
  /** The handler's name. */
  readonly handler: string;
  /** What carries it. */
  readonly transport: string;
  /** The peer's address. */
  readonly remoteAddr: Address;
  /** The peer's id, for known peers. */
  readonly peer?: string;
  /** The proven key or certificate. */
  readonly fingerprint?: string;
  /** When it was accepted. */
  readonly openedAt: Date;
  /** Bytes its streams and datagrams have brought from the peer. */
  readonly bytesReceived: number;
  /** Bytes they have taken to the peer. */
  readonly bytesSent: number;
}

/** Something that happened to a connection, for an audit trail. */
export interface EndpointEvent
  extends Omit<ConnectionInfo, "openedAt" | "bytesReceived" | "bytesSent"> {
  /** What, such as `connection.opened`, `auth.not-accepted` or `connection.revoked`. */
  readonly kind: string;
}

const log = getLogger(["alknet", "endpoint"]);

/** Looks at a connection. */
export function describe({ conn, handler, fingerprint, openedAt }: LiveSession): ConnectionInfo {
  return {
    alpn: conn.alpn,
    handler: handler.name,
    transport: conn.transport,
    remoteAddr: conn.remoteAddr,
    peer: conn.identity?.id,
    fingerprint,
    openedAt,
    bytesReceived: conn.traffic.received,
    bytesSent: conn.traffic.sent,
  };
}

/** Logs what happened to a connection. */
export function report(event: string, info: ConnectionInfo, error?: unknown): void {
  const { alpn, transport, remoteAddr, peer, fingerprint } = info;
  const fields = { alpn, transport, remote: remoteAddr.hostname, peer, fingerprint, error };
  if (event === "handler.failed") log.warn(event, fields);
  else if (event.startsWith("handshake.")) log.debug(event, fields);
  else log.info(event, fields);
}
