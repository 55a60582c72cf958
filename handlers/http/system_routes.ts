import { openApiDocument, type OpenApiInfo } from "@alknet/operations";
import type { Hono } from "hono";

import type { Door, Route } from "./door/door.ts";
import type { Answer } from "./door/visit.ts";
import type { OperationCatalogue } from "./gateway/catalogue.ts";
import type { HttpEnv } from "./http_info.ts";
import { type Metric, PROMETHEUS_TYPE, prometheusText } from "./metrics/metric.ts";

/** What there is to be told of the node itself. */
export interface SystemRoutesOptions {
  /** What every request passes. */
  readonly door: Door;
  /** Whether the node can do its work now. Default: always. */
  readonly ready?: (() => boolean | Promise<boolean>) | undefined;
  /** Metrics beside those of HTTP. Default: `/metrics` is not there. */
  readonly metrics?: (() => readonly Metric[]) | undefined;
  /** What `/openapi.json` says of itself. Default: it is not there. */
  readonly openApi?: OpenApiInfo | undefined;
  /** The operations to describe. */
  readonly catalogue?: OperationCatalogue | undefined;
}

/** `/healthz`, `/readyz`, `/metrics` and `/openapi.json`. */
export function systemRoutes(app: Hono<HttpEnv>, options: SystemRoutesOptions): void {
  const { door, ready, metrics, openApi, catalogue } = options;
  const add = (path: string, group: Route["group"], answer: Answer): void => {
    const route: Route = { group, name: path, methods: ["GET"] };
    app.all(path, (c) => door.enter(route, c.req.raw, c.env, answer));
  };
  app.all("/healthz", (c) => door.glance("healthz", c.req.raw, c.env, () => plain(200, "ok\n")));
  app.all("/readyz", (c) =>
    door.glance("readyz", c.req.raw, c.env, async () => {
      if (!ready || await ready()) return plain(200, "ready\n");
      return plain(503, "not ready\n");
    }));
  if (metrics) {
    add("/metrics", "metrics", () => {
      const text = prometheusText([...metrics(), ...door.metrics.collect()]);
      return new Response(text, { headers: { "content-type": PROMETHEUS_TYPE } });
    });
  }
  if (!openApi || !catalogue) return;
  add("/openapi.json", "openapi", ({ identity }) => {
    const document = openApiDocument(catalogue.list(identity), openApi);
    const headers = { "content-type": "application/json" };
    return new Response(JSON.stringify(document) + "\n", { headers });
  });
}

function plain(status: number, text: string): Response {
  const headers = { "server": "nginx", "content-type": "text/plain" };
  return new Response(text, { status, headers });
}
