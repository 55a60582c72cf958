import type { OperationSpec } from "@alknet/operations";

import type { OperationTool } from "./mcp_tool.ts";

/** How operations are offered to clients of MCP. */
export interface McpOptions {
  /** What the server calls itself. Default: `alknet`. */
  readonly name?: string;
  /** Its version. Default: `0.0.0`. */
  readonly version?: string;
  /** Makes a tool of each operation, beside the general ones. Default: there are only those. */
  readonly operationTools?: (specs: readonly OperationSpec[]) => readonly OperationTool[];
  /** Issuers whose tokens are taken, for clients that look for one (RFC 9728). Default: none. */
  readonly authorizationServers?: readonly string[];
}
