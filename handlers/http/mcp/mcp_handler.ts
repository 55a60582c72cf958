import { createMcpHandler } from "@modelcontextprotocol/server";

import type { Visit } from "../door/visit.ts";
import type { WebLimits } from "../door/limits.ts";
import type { OperationSource } from "../gateway/catalogue.ts";
import { readBody } from "../gateway/request_body.ts";
import { GENERAL_TOOLS } from "./general_tools.ts";
import type { McpOptions } from "./mcp_options.ts";
import { nodeBackend } from "./node_backend.ts";
import type { RunnableTool } from "./mcp_tool.ts";
import { operationTools } from "./operation_tools.ts";
import { toolServer } from "./tool_server.ts";

/** Settings of {@linkcode mcpHandler}. */
export interface McpHandlerOptions {
  /** What there is to call. */
  readonly source: OperationSource;
  /** What callers may do. */
  readonly limits: WebLimits;
  /** What is configured. */
  readonly mcp: McpOptions;
}

/** Answers requests of MCP, of the revision of 2026-07-28 and those before, without sessions. */
export interface McpHandler {
  /**
   * Answers one.
   *
   * @param signal Ends what it does.
   */
  answer(visit: Visit, signal: AbortSignal): Promise<Response>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** What a server needs to know of a request travels with the request's proof of identity. */
const VISIT = "visit";

/** Makes the handler; apart from the routes since it brings a library along. */
export function mcpHandler({ source, limits, mcp }: McpHandlerOptions): McpHandler {
  const { name = "alknet", version = "0.0.0" } = mcp;
  const visits = new WeakMap<object, { visit: Visit; signal: AbortSignal }>();
  const handler = createMcpHandler(({ authInfo }) => {
    const key = authInfo?.extra?.[VISIT];
    const found = typeof key === "object" && key !== null ? visits.get(key) : undefined;
    if (!found) throw new TypeError("A request came without its visit");
    const { visit: { identity }, signal } = found;
    const backend = nodeBackend(source, { identity, timeoutMs: limits.maxTimeoutMs });
    return toolServer({
      name,
      version,
      backend,
      signal,
      tools: () => {
        const specs = mcp.operationTools ? source.catalogue.list(identity) : [];
        return Promise.resolve([...GENERAL_TOOLS, ...operationTools(specs).filter(isFree)]);
      },
    });
  }, { maxRequestBodySize: limits.maxBodyBytes, keepAliveMs: limits.heartbeatMs });
  return {
    async answer(visit, signal) {
      const key = {};
      visits.set(key, { visit, signal });
      const { id = "", scopes = [] } = visit.identity ?? {};
      // The token itself is not for anybody behind the door.
      const authInfo = { token: "", clientId: id, scopes: [...scopes], extra: { [VISIT]: key } };
      return await handler.fetch(await bounded(visit.request, limits), { authInfo });
    },
    close: () => handler.close(),
  };
}

/** The request with a body that has arrived: the library would wait for one for ever. */
async function bounded(request: Request, limits: WebLimits): Promise<Request> {
  if (request.method !== "POST") return request;
  const body = await readBody(request, limits);
  const { method, headers, signal } = request;
  return new Request(request.url, { method, headers, signal, body });
}

/** An operation called like a general tool is reached by `call`. */
function isFree({ definition: { name } }: RunnableTool): boolean {
  return !GENERAL_TOOLS.some(({ definition }) => definition.name === name);
}
