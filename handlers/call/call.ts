import type { Connection, Handler, HandlerContext, PeerAuth } from "@alknet/core";
import type { Dispatcher } from "@alknet/operations";

import { type CallClient, clientOf } from "./client.ts";
import type { Caller } from "./inbound.ts";
import { type CallLimits, callLimits } from "./limits.ts";
import { CallLink } from "./link.ts";
import { IdentityLoads, Load } from "./load.ts";
import { connectionCarrier } from "./stream_port.ts";

/** ALPN identifier of the call protocol. */
export const ALPN = "alknet/call";

/** Strangers may call what is open to all; who has a key proves it. */
const PEER_AUTH: PeerAuth = "optional";

/** What {@linkcode call} can be told. */
export interface CallOptions {
  /** Runs the peers' requests. */
  readonly dispatcher: Dispatcher;
  /** What one peer may make the node hold. Default: those of {@linkcode CallLimits}. */
  readonly limits?: Partial<CallLimits>;
  /**
   * Told of each connection, with this side's requests on it: a head calls its workers so. Must
   * not throw. Default: nobody is told.
   */
  readonly onConnect?: (client: CallClient, conn: Connection, ctx: HandlerContext) => void;
}

/**
 * Makes the call handler: structured requests and subscriptions, both ways on one connection
 * (docs/protocol/call.md).
 *
 * @param options What runs requests, and their limits.
 * @returns A handler to register on an endpoint.
 * @throws {RangeError} For limits that cannot be.
 *
 * @example
 * ```ts
 * import { call } from "@alknet/call";
 * import { strictEqual } from "node:assert/strict";
 *
 * const dispatcher = {
 *   kindOf: () => "query" as const,
 *   call: (_name: string, input: unknown) => Promise.resolve(input),
 *   async *subscribe() {},
 * };
 * strictEqual(call({ dispatcher, limits: { maxRequests: 64 } }).peerAuth, "optional");
 * ```
 */
export function call({ dispatcher, limits, onConnect }: CallOptions): Handler {
  const bounds = callLimits(limits);
  const identities = new IdentityLoads();
  const accept: Handler["accept"] = async (conn, ctx) => {
    const caller = callerOf(conn, ctx);
    const load = new Load(bounds, identities);
    const link = new CallLink(connectionCarrier(conn), {
      dispatcher,
      limits: bounds,
      load,
      caller,
    });
    onConnect?.(clientOf(link), conn, ctx);
    await serveUntil(link, ctx);
  };
  return { name: "call", alpn: [ALPN], peerAuth: PEER_AUTH, accept };
}

/** Serves until the peer is done or the node shuts down. */
async function serveUntil(link: CallLink, ctx: HandlerContext): Promise<void> {
  const { signal } = ctx;
  const forget = ctx.identities.onChange(() => link.session.inbound.reauthorize());
  const drain = (): void => void link.drain();
  signal.addEventListener("abort", drain, { once: true });
  if (signal.aborted) drain();
  try {
    await link.serve();
  } finally {
    signal.removeEventListener("abort", drain);
    forget();
  }
}

function callerOf(conn: Connection, { auth, identities }: HandlerContext): Caller {
  return {
    identity: () => auth.identity,
    fromToken: (token) => identities.fromToken(token),
    address: conn.remoteAddr.hostname,
  };
}
