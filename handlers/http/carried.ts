import type { Arrived, Carriage, Handler, HandlerContext, Identity } from "@alknet/core";
import { webTransportConnection } from "@alknet/h3";

import { tokenOf } from "./bearer_token.ts";
import { problemResponse, tooMany } from "./door/problem.ts";
import type { HttpInfo } from "./http_info.ts";
import type { SessionTickets } from "./session_tickets.ts";

/** What {@linkcode carry} needs beside the request. */
export interface CarryOptions {
  /** Takes the connections in. */
  readonly carriage: Carriage;
  /** Tickets of browsers. */
  readonly tickets: SessionTickets;
}

/** A connection that was let in, and the answer to the request that asked for it. */
export interface Upgraded extends Arrived {
  readonly response: Response;
}

/** When to try again where no further connections are taken. */
const RETRY_MS = 1_000;

/**
 * Hands a WebTransport session for `/alknet/<name>` to the handler of the ALPN `alknet/<name>`, as a
 * connection like any other. Who the peer is tells a bearer token, in the Authorization header or
 * by a ticket in the query.
 *
 * @returns Undefined when the request is none of this: it is answered as though there were nothing,
 * also where a token is wrong or missing. 429 where a limit of connections is reached.
 */
export function carry(
  request: Request,
  info: HttpInfo,
  { carriage, tickets }: CarryOptions,
): Response | undefined {
  const { pathname } = new URL(request.url);
  const { h3, remoteAddr, serverName } = info;
  if (h3?.protocol !== "webtransport" || !pathname.startsWith("/alknet/")) return undefined;
  const alpn = pathname.slice(1);
  const handler = carriage.handlerFor(alpn);
  const { identity, admits } = identifier(request, info, tickets);
  if (!handler || !admits(handler)) return undefined;
  const arrival = { alpn, handler, transport: "webtransport", remoteAddr, identity };
  const taken = carriage.take<Upgraded>(arrival, () => {
    const { response, session } = h3.upgradeWebTransport();
    const conn = webTransportConnection(session, { alpn, remoteAddr, serverName, identity });
    const serve = (ctx: HandlerContext): Promise<void> => handler.accept(conn, ctx);
    return { conn, ready: session.ready, serve, response };
  });
  return taken?.response ?? noRoom();
}

/** The answer where a limit of connections is reached. */
export function noRoom(): Response {
  return problemResponse(tooMany("Too many connections", RETRY_MS));
}

/** Who asks to be carried. */
export interface Identifier {
  /** Who that is, asked anew each time. */
  identity(): Identity | undefined;
  /** Whether a handler takes it: known, or a stranger without a token where those may come. */
  admits(handler: Handler): boolean;
}

/** Reads a token from the Authorization header, or from a ticket in the query, which is used up. */
export function identifier(
  request: Request,
  { identities }: Pick<HttpInfo, "identities">,
  tickets: SessionTickets,
): Identifier {
  const ticket = new URL(request.url).searchParams.get("ticket");
  const token = ticket === null
    ? tokenOf(request.headers.get("authorization") ?? undefined)
    : tickets.redeem(ticket) ?? "";
  const identity = (): Identity | undefined =>
    token === undefined ? undefined : identities.fromToken(token);
  return {
    identity,
    admits: ({ peerAuth }) =>
      identity() !== undefined || (token === undefined && peerAuth !== "required"),
  };
}
