import type { Endpoint, Enrolment } from "@alknet/core";
import {
  type Decoy,
  enrolmentApp,
  type Metric,
  nginxDecoy,
  type OperationCatalogue,
  type Page,
  redirectDecoy,
  staticDecoy,
  type WebApp,
  webApp,
} from "@alknet/http";
import type { Dispatcher } from "@alknet/operations";
import { dirname, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import type { DecoyConfig } from "../config/http_config.ts";
import { VERSION } from "../version.ts";
import { type NodeSites, siteMetrics } from "./node_sites.ts";

/** What the web application stands on. */
export interface WebServices {
  /** Turns invitations into peers. */
  readonly enrolment: Enrolment;
  /** This node's id. */
  readonly nodeId: string;
  /** The operations that callers may call. */
  readonly dispatcher: Dispatcher;
  /** What there is to know of them. */
  readonly catalogue: OperationCatalogue;
  /** The endpoint, once it runs. */
  endpoint(): Endpoint | undefined;
  /** Asked for what no route of the node's own answers, in turn. */
  readonly pages: readonly Page[];
  /** The sites, and which hosts are not theirs. */
  readonly sites: Pick<NodeSites, "isOwnHost" | "servers">;
}

/** What a node answers over HTTP, as configured. */
export function nodeWebApp(
  { http: config, file }: Pick<Config, "http" | "file">,
  services: WebServices,
): WebApp {
  const { enrolment, nodeId, dispatcher, catalogue, endpoint, pages, sites } = services;
  const decoy = decoyOf(config.decoy, dirname(file ?? ""));
  const { authorizationServers, operationTools } = config;
  const mcp = { name: "alknet", version: VERSION, authorizationServers, operationTools };
  const operations = { dispatcher, catalogue };
  return webApp({
    decoy,
    visible: config.visible,
    corsOrigins: config.corsOrigins,
    limits: config.limits,
    ready: () => endpoint() !== undefined,
    operations,
    gateway: config.gateway,
    pages,
    isOwnHost: sites.isOwnHost,
    openApi: { title: "Operations of a node", version: VERSION },
    ...(config.mcp ? { mcp } : {}),
    ...(config.metrics
      ? { metrics: () => [...endpointMetrics(endpoint()), ...siteMetrics(sites.servers())] }
      : {}),
    ...(config.enrolment ? { enrolment: enrolmentApp({ enrolment, nodeId, decoy }) } : {}),
  });
}

/** A relative folder begins where the configuration is. */
function decoyOf(config: DecoyConfig, directory: string): Decoy {
  if (config.kind === "static") return staticDecoy(resolve(directory, config.root));
  return config.kind === "redirect" ? redirectDecoy(config.location) : nginxDecoy();
}

/** Counters of the endpoint that go down as well. */
const GAUGES: ReadonlySet<string> = new Set(["active", "handshaking"]);

function endpointMetrics(endpoint: Endpoint | undefined): Metric[] {
  const counters = Object.entries(endpoint?.counters ?? {});
  return [
    {
      name: "alknet_info",
      help: "The program's version",
      type: "gauge",
      samples: [{ labels: { version: VERSION }, value: 1 }],
    },
    ...counters.map(([name, value]): Metric => {
      const gauge = GAUGES.has(name);
      const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return {
        name: `alknet_connections_${snake.replace(/_total$/, "")}${gauge ? "" : "_total"}`,
        help: `Connections of the endpoint: ${name} (docs/limits.md)`,
        type: gauge ? "gauge" : "counter",
        samples: [{ value }],
      };
    }),
    {
      name: "process_resident_memory_bytes",
      help: "Memory of the process",
      type: "gauge",
      samples: [{ value: Deno.memoryUsage().rss }],
    },
  ];
}
