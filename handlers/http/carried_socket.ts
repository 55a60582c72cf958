import type { Arrived, Handler, HandlerContext } from "@alknet/core";
import { webSocketConnection } from "@alknet/core/transport";

import { type CarryOptions, identifier, noRoom, type Upgraded } from "./carried.ts";
import type { HttpInfo } from "./http_info.ts";
import { isWebSocket } from "./sites/web_socket_relay.ts";
import { SocketInUse, type SocketInUseOptions } from "./socket_in_use.ts";

/** A handler whose protocol has a form of its own for WebSockets, such as `call()`. */
export interface SocketHandler extends Handler {
  /** Serves a WebSocket to its end; called in the turn in which the socket was made. */
  acceptSocket(socket: WebSocket, ctx: HandlerContext): Promise<void>;
  /**
   * With what code a WebSocket is closed, for a code of `CloseCode`. Default: 4000 and the code,
   * which is 1000 for 0.
   */
  socketCloseCode?(code: number): number;
}

/**
 * Hands a WebSocket for `/alknet/<name>` to the handler of the ALPN `alknet/<name>`: in the form that
 * its protocol has for WebSockets, else as a connection with one stream. Who the peer is tells a
 * bearer token, in the Authorization header or by a ticket in the query.
 *
 * @returns Undefined when the request is none of this: it is answered as though there were nothing,
 * also where a token is wrong or missing. 429 where a limit of connections is reached.
 */
export function carrySocket(
  request: Request,
  info: HttpInfo,
  { carriage, tickets }: CarryOptions,
): Response | undefined {
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith("/alknet/") || !isWebSocket(request)) return undefined;
  const alpn = pathname.slice(1);
  const handler = carriage.handlerFor(alpn);
  const { identity, admits } = identifier(request, info, tickets);
  if (!handler || !admits(handler)) return undefined;
  const { remoteAddr, serverName } = info;
  const about = { alpn, remoteAddr, serverName, identity };
  const arrival = { ...about, handler, transport: "websocket" };
  const taken = carriage.take<Upgraded>(arrival, () => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    return { ...served(socket, handler, about), response };
  });
  return taken?.response ?? noRoom();
}

type About = SocketInUseOptions & { readonly serverName?: string };

function served(socket: WebSocket, handler: Handler, about: About): Arrived {
  if (isSocketHandler(handler)) {
    const conn = new SocketInUse(socket, about, (code) => handler.socketCloseCode?.(code));
    return { conn, serve: (ctx) => handler.acceptSocket(socket, ctx) };
  }
  const conn = webSocketConnection(socket, { ...about, dialled: false });
  return { conn, serve: (ctx) => handler.accept(conn, ctx) };
}

function isSocketHandler(handler: Handler): handler is SocketHandler {
  return "acceptSocket" in handler && typeof handler.acceptSocket === "function";
}
