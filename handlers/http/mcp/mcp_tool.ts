import type { McpTool } from "@alknet/operations";

import type { McpBackend } from "./mcp_backend.ts";

/** What came of a tool. */
export interface ToolResult {
  /** For a model: told as JSON. */
  readonly value: unknown;
  /** For a program. Default: nothing. */
  readonly structured?: Readonly<Record<string, unknown>>;
}

/** What a tool that runs is told. */
export interface ToolCall {
  /** What it works with. */
  readonly backend: McpBackend;
  /** Aborted when the client cancels or leaves. */
  readonly signal: AbortSignal;
  /** Tells the client how far it is, where the client wants to know. */
  progress(done: number, message: string): Promise<void>;
}

/** A tool that can run. */
export interface RunnableTool {
  /** How MCP sees it. */
  readonly definition: McpTool;
  /**
   * Runs it.
   *
   * @throws {CallError} What the client is told as a failure of the tool.
   */
  run(args: unknown, call: ToolCall): Promise<ToolResult>;
}
