/** Routes that are shown or hidden together. */
export type RouteGroup = keyof typeof ROUTE_GROUPS;

/** What holds for the routes of a group. */
interface RouteGroupRules {
  /** What belongs to it, for people. */
  readonly routes: string;
  /** A scope that callers need, whatever else they may do. */
  readonly scope?: string;
}

/**
 * The one table of what there is to see. A group that is not made visible answers callers without
 * an identity as though it were not there.
 */
export const ROUTE_GROUPS = {
  healthz: { routes: "GET /healthz" },
  readyz: { routes: "GET /readyz" },
  metrics: { routes: "GET /metrics", scope: "metrics:read" },
  openapi: { routes: "GET /openapi.json" },
  gateway: { routes: "/search /schema /call /batch /subscribe /op/*" },
  mcp: { routes: "/mcp /.well-known/oauth-protected-resource" },
} as const satisfies Readonly<Record<string, RouteGroupRules>>;

/** The scope that a group asks for, if any. */
export function scopeOf(group: RouteGroup): string | undefined {
  const rules: RouteGroupRules = ROUTE_GROUPS[group];
  return rules.scope;
}
