import type { Connection, Handler, HandlerContext, PeerAuth } from "@alknet/core";
import type { Dispatcher } from "@alknet/operations";

import { type CallClient, clientOf } from "./client.ts";
import type { Caller } from "./inbound.ts";
import { type CallLimits, callLimits } from "./limits.ts";
import { CallLink } from "./link.ts";
import { IdentityLoads, Load } from "./load.ts";
import type { Carrier } from "./port.ts";
import { SocketClose, type SocketCloseCode, socketCloseFor } from "./socket_close.ts";
import { SocketPort } from "./socket_port.ts";
import { connectionCarrier } from "./stream_port.ts";
import { acceptedSocket } from "./web_socket.ts";

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
  /** The same for each WebSocket. Default: nobody is told. */
  readonly onSocket?: (client: CallClient, ctx: HandlerContext) => void;
}

/** The call handler, for connections and for WebSockets that an HTTP server has upgraded. */
export interface CallHandler extends Handler {
  /**
   * Serves a WebSocket to its end, under the limits that its peer has on connections too. To be
   * called in the turn in which the socket was made: messages that come before are lost.
   *
   * @param ctx Who the peer is, as the upgrade told; when `auth.identity` goes away, the socket is
   * closed. `signal` ends it; that of an upgraded request will not do, it is aborted already.
   */
  acceptSocket(socket: WebSocket, ctx: HandlerContext): Promise<void>;
  /** With what code a WebSocket is closed, for a code of `CloseCode`. */
  socketCloseCode(code: number): SocketCloseCode;
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
export function call({ dispatcher, limits, onConnect, onSocket }: CallOptions): CallHandler {
  const bounds = callLimits(limits);
  const identities = new IdentityLoads();
  const linkOver = (carrier: Carrier, ctx: HandlerContext): CallLink => {
    const load = new Load(bounds, identities);
    return new CallLink(carrier, { dispatcher, limits: bounds, load, caller: callerOf(ctx) });
  };
  return {
    name: "call",
    alpn: [ALPN],
    peerAuth: PEER_AUTH,
    socketCloseCode: socketCloseFor,
    async accept(conn, ctx): Promise<void> {
      const link = linkOver(connectionCarrier(conn), ctx);
      onConnect?.(clientOf(link), conn, ctx);
      await serveUntil(link, ctx);
    },
    async acceptSocket(socket, ctx): Promise<void> {
      const port = new SocketPort(socket);
      const link = linkOver(acceptedSocket(port), ctx);
      onSocket?.(clientOf(link), ctx);
      using _watch = closeWhenRevoked(port, ctx);
      await serveUntil(link, ctx);
    },
  };
}

/** Over HTTP nobody else closes what a token opened once that is revoked. */
function closeWhenRevoked(port: SocketPort, { auth, identities }: HandlerContext): Disposable {
  const known = auth.identity !== undefined;
  const forget = identities.onChange(() => {
    if (known && !auth.identity) port.close(SocketClose.Revoked, "Permission was withdrawn");
  });
  return { [Symbol.dispose]: forget };
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

function callerOf({ auth, identities }: HandlerContext): Caller {
  return {
    identity: () => auth.identity,
    fromToken: (token) => identities.fromToken(token),
    address: auth.remoteAddr.hostname,
  };
}
