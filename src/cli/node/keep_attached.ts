import { connectCall } from "@alknet/call";
import {
  CloseCode,
  type Connection,
  type Identity,
  type IdentityProvider,
  keyFingerprint,
  parseNodeId,
} from "@alknet/core";
import type { KnownPeer } from "@alknet/client";
import { AdapterError, type Dispatcher } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";

import { backoffMs, type BackoffOptions, pause } from "@alknet/core";
import type { PeerLinks } from "./peer_links.ts";

const log = getLogger(["alknet", "peers"]);

/** Why a peer is not attached now. */
export class PeerUnavailableError extends Error {
  /** The class's name. */
  override readonly name = "PeerUnavailableError";
  /** Who has to act. */
  readonly blame = "remote";
}

/** What {@linkcode keepAttached} works with. */
export interface KeepAttachedOptions {
  /** Where peers are attached. */
  readonly links: PeerLinks;
  /** What the peer may call here. */
  readonly dispatcher: Dispatcher;
  /** Who the peer is here, and whether it still is. */
  readonly identities: IdentityProvider;
  /** Looks the peer up. */
  readonly knownPeer: (name: string) => Promise<KnownPeer | undefined>;
  /** Dials it for the call protocol, with this node's proof. */
  readonly dial: (name: string, peer: KnownPeer, signal: AbortSignal) => Promise<Connection>;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Waits between attempts. */
  readonly backoff?: BackoffOptions;
}

/**
 * Keeps a connection to a peer on which both serve: dials, imports, waits for the end, dials again.
 * Resolves, and never rejects, when the signal aborts.
 *
 * @param name The peer's logical id.
 */
export async function keepAttached(name: string, options: KeepAttachedOptions): Promise<void> {
  const { signal, links, backoff } = options;
  for (let failures = 0; !signal.aborted;) {
    try {
      await attachOnce(name, options, () => failures = 0);
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      links.failed(name, why);
      log.warn("peer.unreachable", { peer: name, error });
    }
    await pause(backoffMs(++failures, backoff), signal);
  }
}

/** Resolves when a connection that served has ended. */
async function attachOnce(
  name: string,
  options: KeepAttachedOptions,
  attached: () => void,
): Promise<void> {
  const { links, dispatcher, identities, signal } = options;
  const peer = await options.knownPeer(name);
  if (!peer) throw new PeerUnavailableError(`No peer "${name}" with a node id is known here`);
  const identity = (): Identity | undefined =>
    identities.fromFingerprint(keyFingerprint(parseNodeId(peer.nodeId)));
  if (!identity()) throw new PeerUnavailableError(`Peer "${name}" is disabled here`);
  await using conn = await options.dial(name, peer, signal);
  using _closing = closeOnSignal(conn, signal);
  using _watch = closeWhenRevoked(conn, identities, identity);
  await using client = connectCall(conn, { dispatcher, identities, identity });
  try {
    await links.attach(name, client, conn.signal);
  } catch (error) {
    if (conn.signal.aborted) throw await endOf(conn); // which tells more, such as not-accepted
    // It may still call here, though it offers nothing that can be attached.
    if (!(error instanceof AdapterError) || error.kind === "transport") throw error;
    links.failed(name, error.message);
  }
  attached();
  const end = await endOf(conn);
  if (!signal.aborted) throw end;
}

async function endOf(conn: Connection): Promise<PeerUnavailableError> {
  const { code, reason } = await conn.closed;
  return new PeerUnavailableError(`Connection ended: ${reason || `code ${code}`}`);
}

function closeWhenRevoked(
  conn: Connection,
  identities: IdentityProvider,
  identity: () => Identity | undefined,
): Disposable {
  const stop = identities.onChange(() => {
    if (!identity()) conn.close(CloseCode.Revoked, "revoked");
  });
  return { [Symbol.dispose]: stop };
}

function closeOnSignal(conn: Connection, signal: AbortSignal): Disposable {
  const close = (): void => conn.close(CloseCode.ShuttingDown, "");
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", close) };
}
