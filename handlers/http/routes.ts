import { getLogger } from "@logtape/logtape";
import { Hono } from "hono";

import type { FetchHandler, HttpApp, HttpEnv } from "./http_info.ts";

const log = getLogger(["alknet", "http"]);

/** What {@linkcode routes} can be told. */
export interface RoutesOptions {
  /** Answers what the built-in route does not. */
  readonly app?: HttpApp | undefined;
  /** Whether there is the built-in route. */
  readonly healthz: boolean;
}

/**
 * The route every node has, unless its application has a better one, and behind it an application.
 *
 * `GET /healthz` answers `ok` as long as the node answers at all.
 */
export function routes({ app, healthz }: RoutesOptions): FetchHandler {
  const root = new Hono<HttpEnv>();
  if (healthz) root.get("/healthz", (c) => c.text("ok\n"));
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
