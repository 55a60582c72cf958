/** @jsxImportSource hono/jsx */
import type { TerminalOffer, TerminalService, TerminalSize } from "@alknet/core";
import type { Context, Hono } from "hono";

import { SessionTickets } from "../../session_tickets.ts";
import { isWebSocket } from "../../sites/web_socket_relay.ts";
import { formOf, isOwnRequest, notOurs, PAGE_HEADERS } from "../guard.ts";
import type { Element } from "../pages/element.ts";
import { NoTerminalPage, TerminalHead, TerminalPage } from "../pages/terminal_page.tsx";
import type { Env } from "../routes.tsx";
import type { DashboardSession } from "../sessions.ts";
import { type NoTerminal, refusalText } from "./refusals.ts";
import { serveTerminal } from "./serve_terminal.ts";
import { sizeOf } from "./terminal_size.ts";

/** Where the page is. */
export const TERMINAL_PATH = "/ui/terminal";

/** What the routes of terminals need. */
export interface TerminalRoutesOptions {
  /** Makes terminals; undefined while the node has nothing that does. */
  readonly terminals: () => TerminalService | undefined;
  /** Answers with a page. */
  page(c: Context<Env>, title: string, content: Element, head?: Element): Promise<Response>;
}

/** What was agreed on before the WebSocket, which a page cannot send a form with. */
interface Agreed {
  readonly session: DashboardSession;
  readonly service: TerminalService;
  readonly user: string;
  readonly size: TerminalSize;
}

/**
 * Terminals: a page, a form that agrees on one and answers with the path of a WebSocket, good once,
 * and that WebSocket. Each of the three asks anew whether there is a terminal to be had.
 */
export function terminalRoutes(
  app: Hono<Env>,
  { terminals, page }: TerminalRoutesOptions,
): void {
  const tickets = new SessionTickets<Agreed>();
  app.get(TERMINAL_PATH, async (c) => {
    const offer = await offerTo(c, terminals());
    if ("refusal" in offer) {
      const text = refusalText(offer.refusal, c.env.identity.id);
      return page(c, "Terminal", <NoTerminalPage text={text} />);
    }
    const props = { csrf: c.env.session.csrf, path: TERMINAL_PATH, users: offer.users };
    return page(c, "Terminal", <TerminalPage {...props} />, <TerminalHead />);
  });
  app.post(TERMINAL_PATH, async (c) => {
    const form = await formOf(c.req.raw);
    const { session } = c.env;
    if (!isOwnRequest(c.req.raw, session, form)) return notOurs();
    const service = terminals();
    const offer = await offerTo(c, service);
    if ("refusal" in offer) return refused(c, offer.refusal);
    const asked = askedFor(form, offer.users);
    if (!asked || !service) return said(c, 400, "This is no terminal that could be opened");
    const ticket = tickets.issue({ ...asked, session, service }, c.env.identity.id);
    if (ticket === undefined) return refused(c, "limit");
    return c.json({ path: `${TERMINAL_PATH}/${ticket}` }, 201, PAGE_HEADERS);
  });
  app.get(`${TERMINAL_PATH}/:ticket{[0-9a-f]{32}}`, (c) => {
    const { req: { raw: request }, env: { session, info } } = c;
    // Browsers always send the origin here; whatever does not is no page of ours.
    const own = request.headers.has("origin") && isOwnRequest(request, session);
    if (!own || !isWebSocket(request)) return notOurs();
    const agreed = tickets.redeem(c.req.param("ticket"));
    if (agreed?.session !== session) return said(c, 403, "This terminal was not asked for");
    const leave = session.enter();
    if (!leave) return refused(c, "limit");
    try {
      return serveTerminal(request, { ...agreed, info, onEnd: leave });
    } catch (error) {
      leave(); // a handshake that is none
      throw error;
    }
  });
}

type Offer = TerminalOffer | { readonly refusal: NoTerminal };

async function offerTo(
  { env: { identity } }: Context<Env>,
  service: TerminalService | undefined,
): Promise<Offer> {
  return await service?.offer(identity) ?? { refusal: "absent" };
}

/** What the form says, if the terminal can be had. */
function askedFor(
  form: FormData,
  users: readonly string[],
): Pick<Agreed, "user" | "size"> | undefined {
  const user = users.find((each) => each === form.get("user"));
  const size = sizeOf(Number(form.get("columns")), Number(form.get("rows")));
  return user !== undefined && size ? { user, size } : undefined;
}

function refused(c: Context<Env>, reason: NoTerminal): Response {
  const { why, remedy } = refusalText(reason, c.env.identity.id);
  return said(c, reason === "limit" ? 429 : 403, `${why} ${remedy}`);
}

function said(c: Context<Env>, status: 400 | 403 | 429, text: string): Response {
  return c.text(`${text}\n`, status, PAGE_HEADERS);
}
