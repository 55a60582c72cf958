import { type Operation, operation } from "@alknet/operations";
import type { NodeSites } from "../node_sites.ts";
import { NOTHING, TEXT } from "./schemas.ts";

const COUNT = { type: "integer", minimum: 0 } as const;

const UPSTREAM = {
  type: "object",
  properties: {
    site: { ...TEXT, description: "Host and path of the site" },
    upstream: { ...TEXT, description: "The server, as configured" },
    state: { enum: ["up", "unreachable", "unhealthy"] },
    checksPassed: COUNT,
    checksFailed: COUNT,
    refused: { ...COUNT, description: "Requests it had too many connections for" },
    problem: { ...TEXT, description: "Why the last check failed" },
  },
  required: ["site", "upstream", "state", "checksPassed", "checksFailed", "refused"],
} as const;

/** Operations that show the servers behind sites; none where there are no such servers. */
export function aboutUpstreams(sites: Pick<NodeSites, "servers">): Operation[] {
  if (sites.servers().length === 0) return [];
  return [operation({
    name: "upstreams/list",
    type: "query",
    access: { requiredScopes: ["node:read"] },
    description: "Servers behind the node's sites, and how they are",
    input: NOTHING,
    output: { type: "array", items: UPSTREAM },
    handler: () => sites.servers(),
  })];
}
