/**
 * Operations as tools for clients of the Model Context Protocol: over HTTP `webApp({ mcp })` does
 * it, and what is here serves them on standard input and output.
 *
 * The way of a call: `tool_server.ts` (the library's server) → `general_tools.ts` or a tool of an
 * operation → `call_operation.ts` → an `McpBackend`: this node's operations (`node_backend.ts`), or
 * another's.
 *
 * ```ts
 * import { GENERAL_TOOLS } from "@alknet/http/mcp";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const names = GENERAL_TOOLS.map(({ definition }) => definition.name);
 * deepStrictEqual(names, ["search", "schema", "call", "batch"]);
 * ```
 *
 * @module
 */
export * from "./general_tools.ts";
export * from "./mcp_backend.ts";
export * from "./mcp_tool.ts";
export * from "./node_backend.ts";
export * from "./serve_stdio.ts";
