/**
 * HTTP/1.1, HTTP/2 and WebSocket behind the dispatcher: an application is a fetch handler or a Hono
 * app, and learns of each request who sent it over what.
 *
 * A request's way through this package: `http.ts` (the handler) → `bridge.ts` (bytes to the
 * internal server and back) → `origin.ts` (Deno's HTTP server on a loopback port) → `routes.ts` →
 * your application; that of a node is `web_app.ts`: `door/` (what is to be seen, who asks, how fast) →
 * `gateway/` (operations) or `mcp/` (the same as tools), else `sites/`, `dashboard/` and `decoy/`. Over
 * HTTP/3 it is `http.ts` → `@alknet/h3` → `routes.ts`.
 *
 * ```ts
 * import { serve, trustAnchor } from "@alknet/core";
 * import { bearer, http, type HttpEnv } from "@alknet/http";
 * import { Hono } from "hono";
 * import { strictEqual } from "node:assert/strict";
 *
 * const app = new Hono<HttpEnv>()
 *   .get("/whence", (c) => c.text(c.env.remoteAddr.hostname))
 *   .get("/secret", bearer({ scope: "secret:read" }), (c) => c.text("for your eyes only"));
 *
 * await using node = await serve({
 *   hostname: "127.0.0.1",
 *   names: ["localhost"],
 *   handlers: [http({ app })],
 * });
 * const caCerts = [trustAnchor(node.key.publicKey)];
 * using client = Deno.createHttpClient({ caCerts });
 * const url = `https://localhost:${node.addr.port}`;
 * strictEqual(await (await fetch(`${url}/whence`, { client })).text(), "127.0.0.1");
 * const refused = await fetch(`${url}/secret`, { client });
 * strictEqual(refused.status, 401);
 * await refused.body?.cancel();
 * ```
 *
 * @module
 */
export * from "./bearer.ts";
export * from "./dashboard/dashboard.ts";
export type { FileLimits } from "./dashboard/files/limits.ts";
export type { DashboardSession, DashboardSessionLimits, Identify } from "./dashboard/sessions.ts";
export * from "./decoy/decoy.ts";
export * from "./decoy/nginx_decoy.ts";
export * from "./decoy/redirect_decoy.ts";
export * from "./decoy/static_decoy.ts";
export { DEFAULT_WEB_LIMITS, type WebLimits } from "./door/limits.ts";
export type { RouteGroup } from "./door/route_groups.ts";
export { ROUTE_GROUPS } from "./door/route_groups.ts";
export {
  type EnrolmentApp,
  enrolmentApp,
  type EnrolmentAppOptions,
  enrolmentMessage,
} from "./enrolment.ts";
export type { OperationCatalogue, OperationSource } from "./gateway/catalogue.ts";
export * from "./http.ts";
export * from "./http_info.ts";
export type { McpOptions } from "./mcp/mcp_options.ts";
export { type Metric, type MetricSample, prometheusText } from "./metrics/metric.ts";
export type { RefusalReason } from "./metrics/request_metrics.ts";
export type { HealthThresholds } from "./sites/health.ts";
export type { HealthCheckOptions } from "./sites/health_check.ts";
export { type IsOwnHost, ownHosts } from "./sites/own_hosts.ts";
export * from "./sites/proxy_site.ts";
export * from "./sites/redirect_site.ts";
export { type Site, type SiteHandler, sites, type SitesOptions } from "./sites/site.ts";
export * from "./sites/static_site.ts";
export { type StatusRange, statusRanges } from "./sites/status_ranges.ts";
export { type Upstream, upstream, type UpstreamOptions } from "./sites/upstream.ts";
export type { UpstreamStatus } from "./sites/upstream_pool.ts";
export * from "./web_app.ts";
