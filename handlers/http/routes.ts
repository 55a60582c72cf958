import { getLogger } from "@logtape/logtape";
import { Hono } from "hono";

import type { FetchHandler, HttpApp, HttpEnv } from "./http_info.ts";

const log = getLogger(["alknet", "http"]);

/**
 * The routes every node has, and behind them an application.
 *
 * `GET /healthz` answers `ok` as long as the node answers at all; an application that answers all has
 * its own.
 */
export function routes(app?: HttpApp): FetchHandler {
  const root = new Hono<HttpEnv>();
  if (!answersAll(app)) root.get("/healthz", (c) => c.text("ok\n"));
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

function answersAll(app: HttpApp | undefined): boolean {
  return typeof app === "object" && app.answersAll === true;
}
