import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";

import { GENERAL_TOOLS } from "./general_tools.ts";
import type { McpBackend } from "./mcp_backend.ts";
import { toolServer } from "./tool_server.ts";

/** What {@linkcode serveToolsOnStdio} offers. */
export interface StdioToolsOptions {
  /** What the server calls itself. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** What its client may call. */
  readonly backend: McpBackend;
}

/**
 * Serves MCP on this process's standard input and output, as editors start their servers, until
 * standard input ends. Nothing else may write to standard output.
 *
 * @param options What is offered.
 */
export async function serveToolsOnStdio(options: StdioToolsOptions): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const transport = new StdioServerTransport();
  const tools = (): Promise<typeof GENERAL_TOOLS> => Promise.resolve(GENERAL_TOOLS);
  const handle = serveStdio(() => toolServer({ ...options, tools }), { transport });
  const { onclose } = transport;
  transport.onclose = () => {
    onclose?.();
    resolve();
  };
  await ended;
  await handle.close();
}
