import type { OpenApiInfo } from "@alknet/operations";
import { getLogger } from "@logtape/logtape";
import { Hono } from "hono";

import type { Decoy } from "./decoy/decoy.ts";
import { nginxDecoy } from "./decoy/nginx_decoy.ts";
import { nginxPage } from "./decoy/nginx_pages.ts";
import { Door } from "./door/door.ts";
import { type WebLimits, webLimits } from "./door/limits.ts";
import type { RouteGroup } from "./door/route_groups.ts";
import { BODY_LIMITS, type EnrolmentApp } from "./enrolment.ts";
import type { OperationSource } from "./gateway/catalogue.ts";
import { readBody } from "./gateway/request_body.ts";
import { operationRoutes } from "./gateway/operation_routes.ts";
import type { FetchHandler, HttpEnv, HttpInfo } from "./http_info.ts";
import type { McpOptions } from "./mcp/mcp_options.ts";
import { mcpRoutes } from "./mcp/mcp_routes.ts";
import type { Metric } from "./metrics/metric.ts";
import type { RefusalReason } from "./metrics/request_metrics.ts";
import type { IsOwnHost } from "./sites/own_hosts.ts";
import { systemRoutes } from "./system_routes.ts";

/** What a {@linkcode webApp} is made of. */
export interface WebAppOptions {
  /** Operations to call, through the gateway or MCP. Default: there are none. */
  readonly operations?: OperationSource;
  /** Whether the operations have a gateway. Default: true. */
  readonly gateway?: boolean;
  /** What `/openapi.json` says of itself. Default: it is not there. */
  readonly openApi?: OpenApiInfo;
  /** Offers the operations at `/mcp`. Default: it is not there. */
  readonly mcp?: McpOptions;
  /** Lets workers enrol at `POST /enrol`. Default: they cannot. */
  readonly enrolment?: EnrolmentApp;
  /** Whether the node can do its work now. Default: always. */
  readonly ready?: () => boolean | Promise<boolean>;
  /** Metrics to show beside those of HTTP. Default: `/metrics` is not there. */
  readonly metrics?: () => readonly Metric[];
  /**
   * Asked in turn for what none of the node's own routes answers; the first that answers does, such
   * as `sites()` or a dashboard. Default: nobody is.
   */
  readonly pages?: readonly Page[];
  /**
   * Hosts at which a client certificate tells who asks: not those of other people's pages, which
   * could ask with it. Default: all.
   */
  readonly isOwnHost?: IsOwnHost;
  /** What strangers see, and everybody at paths that nobody serves. Default: nginx's 404 page. */
  readonly decoy?: Decoy;
  /** Groups of routes that strangers see too. Default: `healthz`. */
  readonly visible?: readonly RouteGroup[];
  /** Origins whose pages may read answers, such as `https://app.example`. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** What callers may do. Default: `DEFAULT_WEB_LIMITS`. */
  readonly limits?: Partial<WebLimits>;
}

/** Answers a request, or leaves it to others. */
export type Page = (
  request: Request,
  info: HttpInfo,
) => Response | undefined | Promise<Response | undefined>;

/** An application for `http({ app })`, with what it holds. */
export interface WebApp extends Disposable {
  /** Answers a request. */
  readonly fetch: FetchHandler;
  /** Nothing else is to answer, so that nothing shows which the decoy would hide. */
  readonly answersAll: true;
  /** Counts a request that was turned away before it got here. */
  refused(reason: RefusalReason): void;
  /** Answers a request made on the spot, for tests. */
  request(path: string, init?: RequestInit, info?: unknown): Response | Promise<Response>;
}

const log = getLogger(["alknet", "http"]);

/**
 * The application of a node: operations for programs, what there is to know of the node, and a decoy
 * for everybody else. Who calls is known by a bearer token or by the connection; without either a
 * request meets the decoy, but where a group of routes was made visible.
 *
 * @param options What is served, and what strangers see.
 * @returns An application for `http({ app })`.
 * @throws {RangeError} For a limit that is no positive number.
 *
 * @example
 * ```ts
 * import { NOBODY } from "@alknet/core";
 * import { ANYONE, operation, OperationRegistry } from "@alknet/operations";
 * import { webApp } from "@alknet/http";
 * import { strictEqual } from "node:assert/strict";
 *
 * const registry = new OperationRegistry();
 * registry.register(operation({ name: "greet", access: ANYONE, handler: () => "hello" }));
 * using app = webApp({
 *   operations: { dispatcher: registry, catalogue: registry },
 *   visible: ["healthz", "gateway"],
 * });
 * const info = { identities: NOBODY, auth: {}, remoteAddr: { hostname: "192.0.2.1", port: 1 } };
 * const init = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
 * strictEqual(await (await app.request("/op/greet", init, info)).json(), "hello");
 * strictEqual((await app.request("/anything", {}, info)).headers.get("server"), "nginx");
 * ```
 */
export function webApp(options: WebAppOptions = {}): WebApp {
  const { operations: source, corsOrigins = [] } = options;
  const elsewhere = afterPages(options.pages ?? [], afterBody(options.decoy ?? nginxDecoy()));
  const { gateway = true, mcp, enrolment } = options;
  const door = new Door({
    elsewhere,
    visible: new Set(options.visible ?? ["healthz"]),
    corsOrigins,
    limits: webLimits(options.limits),
  });
  const app = new Hono<HttpEnv>();
  using stack = new DisposableStack();
  const { ready, metrics, openApi } = options;
  systemRoutes(app, {
    door,
    ready,
    metrics,
    openApi,
    catalogue: gateway ? source?.catalogue : undefined,
  });
  if (source && gateway) stack.use(operationRoutes(app, { source, door }));
  if (source && mcp) stack.use(mcpRoutes(app, { source, door, mcp, corsOrigins }));
  if (enrolment) {
    app.post("/enrol", (c) => {
      const fetch = door.admitsStranger(c.env) ? enrolment.fetch : elsewhere;
      return fetch(c.req.raw, c.env);
    });
  }
  app.notFound((c) => elsewhere(c.req.raw, c.env));
  app.onError((error, c) => {
    log.warn("request.failed", { method: c.req.method, error });
    return nginxPage(500, c.req.raw);
  });
  const held = stack.move();
  const { isOwnHost = () => true } = options;
  return {
    answersAll: true,
    fetch: (request, info) =>
      app.fetch(request, isOwnHost(new URL(request.url)) ? info : withoutCertificate(info)),
    refused: (reason) => door.metrics.refused(reason),
    request: (path, init, info) => app.request(path, init, info as HttpEnv["Bindings"]),
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** Who asks is then known by a token only. */
function withoutCertificate(info: HttpInfo): HttpInfo {
  const { alpn, remoteAddr } = info.auth;
  return { ...info, auth: { alpn, remoteAddr } };
}

/** Pages before a decoy. */
function afterPages(pages: readonly Page[], decoy: Decoy): FetchHandler {
  if (pages.length === 0) return decoy;
  return async (request, info) => {
    for (const page of pages) {
      const response = await page(request, info);
      if (response) return response;
    }
    return await decoy(request);
  };
}

/**
 * A decoy that takes a body in before it answers, as a server does that has something behind it:
 * `POST /enrol` has to, and shall not be the only one.
 */
function afterBody(decoy: Decoy): Decoy {
  return (request) => {
    if (!request.body) return decoy(request);
    const read = readBody(request, BODY_LIMITS).catch(() => {}); // whatever it is
    return read.then(() => decoy(request));
  };
}
