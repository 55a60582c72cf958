import type { FileService, Identity } from "@alknet/core";
import type { Dispatcher, OperationSpec } from "@alknet/operations";

import { DEFAULT_WEB_LIMITS, type WebLimits } from "../door/limits.ts";
import type { HttpInfo } from "../http_info.ts";
import { DEFAULT_FILE_LIMITS, type FileLimits } from "./files/limits.ts";
import { sessionCookie, sessionSecret } from "./guard.ts";
import { dashboardRoutes } from "./routes.tsx";
import { type DashboardSessionLimits, DashboardSessions, type Identify } from "./sessions.ts";

/** The operations behind a dashboard: what an `OperationRegistry` of @alknet/operations is. */
export interface DashboardOperations extends Dispatcher {
  /** What an identity may call, by name. */
  list(identity?: Identity): OperationSpec[];
}

/** What {@linkcode dashboard} can be told. */
export interface DashboardOptions {
  /** Everything the dashboard shows and does, it shows and does by these. */
  readonly operations: DashboardOperations;
  /** The files of whoever is signed in. Default: there are none. */
  readonly files?: FileService | undefined;
  /** Bounds of links, sessions, what they follow and their files. Default: those of the types. */
  readonly limits?: Partial<
    DashboardSessionLimits & FileLimits & Pick<WebLimits, "heartbeatMs" | "stalledMs">
  >;
}

/** A dashboard, to be asked before an application. */
export interface Dashboard {
  /**
   * Answers what belongs to somebody who is signed in; undefined for everything else, which is then
   * none of its business: without a session nothing tells that there is a dashboard.
   */
  fetch(request: Request, info: HttpInfo): Promise<Response | undefined>;
  /**
   * Makes a way in for somebody, that works once.
   *
   * @param identify Who that is, asked again at each request.
   * @returns The path of a link.
   */
  link(identify: Identify): string;
  /** Ends the links and sessions of those who are revoked; to be called at each revocation. */
  endRevoked(): void;
}

const LOGIN = /^\/login\/([A-Za-z0-9_-]{20,64})$/;

/**
 * Makes a dashboard: pages about the node for people with a browser. It is a client of operations
 * like any other and holds no rights of its own: whoever signs in sees what its scopes allow, and
 * once it is revoked, nothing.
 *
 * @param options Where it gets everything from.
 * @returns What is asked before an application, and makes links.
 *
 * @example
 * ```ts
 * import { dashboard } from "@alknet/http";
 * import { OperationRegistry } from "@alknet/operations";
 * import { match } from "node:assert/strict";
 *
 * const pages = dashboard({ operations: new OperationRegistry() });
 * match(pages.link(() => ({ id: "owner", scopes: ["*"], resources: {} })), /^\/login\/.{43}$/);
 * ```
 */
export function dashboard({ operations, files, limits }: DashboardOptions): Dashboard {
  const sessions = new DashboardSessions(limits);
  const all = { ...DEFAULT_WEB_LIMITS, ...DEFAULT_FILE_LIMITS, ...limits };
  const routes = dashboardRoutes({ operations, sessions, files, limits: all });
  return {
    link: (identify) => `/login/${sessions.invite(identify)}`,
    endRevoked: () => sessions.endRevoked(),
    async fetch(request, info) {
      const { pathname } = new URL(request.url);
      const secret = LOGIN.exec(pathname)?.[1];
      if (secret && request.method === "GET") return signIn(sessions.redeem(secret));
      if (pathname !== "/" && !pathname.startsWith("/ui/")) return undefined;
      const cookie = sessionSecret(request);
      const session = cookie === undefined ? undefined : sessions.find(cookie);
      const identity = session?.identify();
      if (!cookie || !session || !identity) return undefined;
      return await routes.fetch(request, { session, secret: cookie, identity, info });
    },
  };
}

function signIn(session: string | undefined): Response | undefined {
  if (session === undefined) return undefined;
  const headers = {
    location: "/",
    "set-cookie": sessionCookie(session),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  };
  return new Response(null, { status: 303, headers });
}
