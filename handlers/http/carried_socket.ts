import type { Handler, HandlerContext, Identity } from "@alknet/core";
import { webSocketConnection } from "@alknet/core/transport";
import { getLogger } from "@logtape/logtape";

import { type CarryOptions, contextOf, identifier, serveCarried } from "./carried.ts";
import type { HttpInfo } from "./http_info.ts";
import { isWebSocket } from "./sites/web_socket_relay.ts";

/** A handler whose protocol has a form of its own for WebSockets, such as `call()`. */
export interface SocketHandler extends Handler {
  /** Serves a WebSocket to its end; called in the turn in which the socket was made. */
  acceptSocket(socket: WebSocket, ctx: HandlerContext): Promise<void>;
}

const log = getLogger(["alknet", "http"]);

/**
 * Hands a WebSocket for `/alknet/<name>` to the handler of the ALPN `alknet/<name>`: in the form that
 * its protocol has for WebSockets, else as a connection with one stream. Who the peer is tells a
 * bearer token, in the Authorization header or by a ticket in the query.
 *
 * @returns Undefined when the request is none of this: it is answered as though there were nothing,
 * also where a token is wrong or missing.
 */
export function carrySocket(
  request: Request,
  info: HttpInfo,
  { handlerFor, tickets, signal }: CarryOptions,
): Response | undefined {
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith("/alknet/") || !isWebSocket(request)) return undefined;
  const alpn = pathname.slice(1);
  const handler = handlerFor(alpn);
  const who = identifier(request, info, tickets);
  if (!handler || !who.admits(handler)) return undefined;
  const { socket, response } = Deno.upgradeWebSocket(request);
  const { remoteAddr, serverName, identities } = info;
  if (!isSocketHandler(handler)) {
    const { identity } = who;
    const about = { alpn, remoteAddr, serverName, dialled: false, identity };
    const conn = webSocketConnection(socket, about);
    const ctx = contextOf(conn, info, signal);
    serveCarried({ handler, conn, ready: Promise.resolve(), ctx, known: identity() !== undefined });
    return response;
  }
  const auth = {
    get identity(): Identity | undefined {
      return who.identity();
    },
    alpn,
    remoteAddr,
  };
  handler.acceptSocket(socket, { auth, identities, signal }).catch((error) => {
    log.warn("carried.failed", { alpn, peer: who.identity()?.id, error });
    socket.close();
  });
  return response;
}

function isSocketHandler(handler: Handler): handler is SocketHandler {
  return "acceptSocket" in handler && typeof handler.acceptSocket === "function";
}
