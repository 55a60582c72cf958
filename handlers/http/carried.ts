import {
  CloseCode,
  type Connection,
  ConnectionClosedError,
  type Handler,
  type HandlerContext,
  type Identity,
} from "@alknet/core";
import { webTransportConnection } from "@alknet/h3";
import { getLogger } from "@logtape/logtape";

import { tokenOf } from "./bearer_token.ts";
import type { HttpInfo } from "./http_info.ts";
import type { SessionTickets } from "./session_tickets.ts";

/** What {@linkcode carry} needs beside the request. */
export interface CarryOptions {
  /** The handler of an ALPN, where there is one. */
  readonly handlerFor: (alpn: string) => Handler | undefined;
  /** Tickets of browsers. */
  readonly tickets: SessionTickets;
  /** Aborts when the connection below is over or the node shuts down. */
  readonly signal: AbortSignal;
}

const log = getLogger(["alknet", "http"]);
/** Time for a client to close once the handler is done; closing at once would lose what it wrote. */
const LINGER_MS = 2_000;

/**
 * Hands a WebTransport session for `/alknet/<name>` to the handler of the ALPN `alknet/<name>`, as a
 * connection like any other. Who the peer is tells a bearer token, in the Authorization header or
 * by a ticket in the query.
 *
 * @returns Undefined when the request is none of this: it is answered as though there were nothing,
 * also where a token is wrong or missing.
 */
export function carry(
  request: Request,
  info: HttpInfo,
  options: CarryOptions,
): Response | undefined {
  const { pathname } = new URL(request.url);
  if (info.h3?.protocol !== "webtransport" || !pathname.startsWith("/alknet/")) return undefined;
  const alpn = pathname.slice(1);
  const handler = options.handlerFor(alpn);
  const { identity, admits } = identifier(request, info, options.tickets);
  if (!handler || !admits(handler)) return undefined;
  const known = identity() !== undefined;
  const { response, session } = info.h3.upgradeWebTransport();
  const { remoteAddr, serverName } = info;
  const conn = webTransportConnection(session, { alpn, remoteAddr, serverName, identity });
  const ctx = contextOf(conn, info, options.signal);
  serveCarried({ handler, conn, ready: session.ready, ctx, known });
  return response;
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

/** What a handler is told of a carried connection. */
export function contextOf(conn: Connection, info: HttpInfo, signal: AbortSignal): HandlerContext {
  const { alpn, remoteAddr } = conn;
  return {
    auth: {
      get identity(): Identity | undefined {
        return conn.identity;
      },
      alpn,
      remoteAddr,
    },
    identities: info.identities,
    signal: AbortSignal.any([conn.signal, signal]),
  };
}

/** One carried connection. */
export interface Carried {
  readonly handler: Handler;
  readonly conn: Connection;
  /** Resolves once the client has been told that it is let in. */
  readonly ready: Promise<unknown>;
  readonly ctx: HandlerContext;
  /** Whether the peer was known at the beginning. */
  readonly known: boolean;
}

/** The same life as a connection of the endpoint's has, revocation included. */
export async function serveCarried(carried: Carried): Promise<void> {
  const { handler, conn, ready, ctx, known } = carried;
  const forget = ctx.identities.onChange(() => {
    if (known && !conn.identity) conn.close(CloseCode.Revoked, "permission withdrawn");
  });
  try {
    await ready;
    await handler.accept(conn, ctx);
    await closedWithin(conn, LINGER_MS);
    conn.close(CloseCode.Ok, "");
  } catch (error) {
    const left = error instanceof ConnectionClosedError && conn.signal.aborted;
    if (!left) log.warn("carried.failed", { alpn: conn.alpn, peer: conn.identity?.id, error });
    conn.close(CloseCode.HandlerFailed, "failed");
  } finally {
    forget();
  }
}

async function closedWithin(conn: Connection, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, conn.closed]);
  clearTimeout(timer);
}
