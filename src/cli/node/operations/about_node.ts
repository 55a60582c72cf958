import { type AccessControl, CallError, type Operation, operation } from "@alknet/operations";
import { VERSION } from "../../version.ts";
import { connectionStatus, handlerStatus, listenerStatus, MAX_CONNECTIONS } from "../status.ts";
import { CONNECTION, HANDLER, INFO } from "./node_schemas.ts";
import { NOTHING } from "./schemas.ts";
import type { OperationSources } from "./sources.ts";

const NODE_READ: AccessControl = { requiredScopes: ["node:read"] };

/** Operations that show the node itself. */
export function aboutNode(sources: OperationSources): Operation[] {
  return [
    operation({
      name: "node/info",
      type: "query",
      access: NODE_READ,
      description: "The node's id, version, listeners and counters, and how long it has run",
      input: NOTHING,
      output: INFO,
      handler: () => info(sources),
    }),
    operation({
      name: "node/handlers",
      type: "query",
      access: NODE_READ,
      description: "Protocols the node serves",
      input: NOTHING,
      output: { type: "array", items: HANDLER },
      handler: () => {
        const { handlers, connections } = running(sources);
        return handlers.map((handler) => handlerStatus(handler, connections));
      },
    }),
    operation({
      name: "node/connections",
      type: "query",
      access: NODE_READ,
      description: "Open connections, the first 1000 of them",
      input: NOTHING,
      output: { type: "array", items: CONNECTION },
      handler: () =>
        running(sources).connections.slice(0, MAX_CONNECTIONS).map((conn) =>
          connectionStatus(conn)
        ),
    }),
  ];
}

function info(sources: OperationSources) {
  const endpoint = running(sources);
  const { startedAt } = sources;
  return {
    nodeId: endpoint.nodeId,
    version: VERSION,
    runtime: `deno ${Deno.version.deno}`,
    platform: `${Deno.build.os} ${Deno.build.arch}`,
    startedAt: startedAt.toISOString(),
    uptimeSeconds: Math.max(0, Math.floor((Date.now() - startedAt.getTime()) / 1_000)),
    memoryBytes: Deno.memoryUsage().rss,
    bytesReceived: endpoint.traffic.received,
    bytesSent: endpoint.traffic.sent,
    listeners: endpoint.listeners.map((listener) => listenerStatus(listener)),
    counters: { ...endpoint.counters },
  };
}

/** Nobody can ask before the endpoint runs, but for a program that calls operations by itself. */
function running({ endpoint }: OperationSources) {
  const found = endpoint();
  if (!found) throw new CallError("INTERNAL", "The node is not running yet");
  return found;
}
