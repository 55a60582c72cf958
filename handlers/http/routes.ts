import { getLogger } from "@logtape/logtape";
import { Hono } from "hono";

import { tokenOf } from "./bearer_token.ts";
import { problemResponse, tooMany } from "./door/problem.ts";
import type { FetchHandler, HttpApp, HttpEnv } from "./http_info.ts";
import { type SessionTickets, TICKET_MS } from "./session_tickets.ts";

const log = getLogger(["alknet", "http"]);

/** What {@linkcode routes} can be told. */
export interface RoutesOptions {
  /** Answers what the built-in route does not. */
  readonly app?: HttpApp | undefined;
  /** Where tickets for sessions are got; undefined where none are carried. */
  readonly tickets?: SessionTickets | undefined;
}

/**
 * The routes every node has, and behind them an application.
 *
 * `GET /healthz` answers `ok` as long as the node answers at all; an application that answers all has
 * its own. `POST /alknet/ticket`, where
 * sessions are carried, gives who has a token a ticket for one; nobody else learns that it is there.
 */
export function routes({ app, tickets }: RoutesOptions): FetchHandler {
  const root = new Hono<HttpEnv>();
  if (!answersAll(app)) root.get("/healthz", (c) => c.text("ok\n"));
  if (tickets) {
    root.post("/alknet/ticket", async (c, next) => {
      const token = tokenOf(c.req.header("authorization"));
      const holder = token === undefined ? undefined : c.env.identities.fromToken(token);
      if (token === undefined || !holder) return await next();
      const ticket = tickets.issue(token, holder.id);
      if (ticket === undefined) return noTicket(app);
      return c.json({ ticket, expiresInMs: TICKET_MS }, 201, { "cache-control": "no-store" });
    });
  }
  if (app) {
    const handle = typeof app === "function" ? app : app.fetch.bind(app);
    root.all("*", (c) => handle(c.req.raw, c.env));
  }
  root.notFound((c) => c.text("Not found\n", 404));
  root.onError((error, c) => {
    log.warn("request.failed", { method: c.req.method, error });
    return c.text("Internal server error\n", 500);
  });
  return (request, info) => root.fetch(request, info);
}

function noTicket(app: HttpApp | undefined): Response {
  if (typeof app === "object") app.refused?.("tickets");
  return problemResponse(tooMany("Too many tickets wait to be used", TICKET_MS));
}

function answersAll(app: HttpApp | undefined): boolean {
  return typeof app === "object" && app.answersAll === true;
}
