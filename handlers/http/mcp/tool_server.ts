import { CallError } from "@alknet/operations";
import {
  type CallToolResult,
  INVALID_PARAMS,
  ProtocolError,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";

import { HttpProblem } from "../door/problem.ts";
import { shownError } from "../gateway/call.ts";
import { outputText } from "../gateway/output_text.ts";
import type { McpBackend } from "./mcp_backend.ts";
import type { RunnableTool, ToolCall, ToolResult } from "./mcp_tool.ts";

/** What a server of MCP offers, and to whom. */
export interface ToolServerOptions {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** What its client may call. */
  readonly backend: McpBackend;
  /** Its tools, as of now. */
  tools(signal: AbortSignal): Promise<readonly RunnableTool[]>;
  /** Aborted when the client leaves. Default: only requests are cancelled. */
  readonly signal?: AbortSignal;
}

/** A server of MCP for one client, to be connected to a transport: tools, progress, cancellation. */
export function toolServer(options: ToolServerOptions): Server {
  const { name, version } = options;
  const server = new Server({ name, version }, {
    capabilities: { tools: {} },
    instructions: "Operations of a network node. Find them with search, look at what one takes " +
      "with schema, then call it.",
  });
  server.setRequestHandler("tools/list", async (_request, { mcpReq }) => {
    const tools = await options.tools(mcpReq.signal);
    return { tools: tools.map(({ definition }) => ({ ...definition })) };
  });
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const call = toolCall(options, context);
    const tools = await options.tools(call.signal);
    const found = tools.find(({ definition }) => definition.name === params.name);
    if (!found) {
      throw new ProtocolError(INVALID_PARAMS, `Unknown tool: ${params.name.slice(0, 80)}`);
    }
    return await run(found, params.arguments ?? {}, call);
  });
  return server;
}

function toolCall({ backend, signal }: ToolServerOptions, { mcpReq }: ServerContext): ToolCall {
  const progressToken = mcpReq._meta?.progressToken;
  return {
    backend,
    signal: signal ? AbortSignal.any([signal, mcpReq.signal]) : mcpReq.signal,
    async progress(progress, message) {
      if (progressToken === undefined) return;
      const params = { progressToken, progress, message };
      await mcpReq.notify({ method: "notifications/progress", params });
    },
  };
}

/** A tool that fails says so in its result, where the model sees it. */
async function run(tool: RunnableTool, args: unknown, call: ToolCall): Promise<CallToolResult> {
  try {
    return shown(await tool.run(args, call));
  } catch (error) {
    if (error instanceof CallError) return failed(shownError(error));
    if (error instanceof HttpProblem) return failed(error.toJSON());
    throw error;
  }
}

function failed(error: unknown): CallToolResult {
  const structured = { error };
  return { ...shown({ value: structured, structured }), isError: true };
}

function shown({ value, structured }: ToolResult): CallToolResult {
  const content = [{ type: "text" as const, text: outputText(value) }];
  if (!structured) return { content };
  return { content, structuredContent: JSON.parse(outputText(structured)) };
}
