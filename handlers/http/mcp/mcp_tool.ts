import type { McpBackend } from "./mcp_backend.ts";

/** A tool, as MCP describes it. */
export interface McpToolDefinition {
  /** Its name. */
  readonly name: string;
  /** What it does, for a model. */
  readonly description?: string;
  /** Its arguments: JSON Schema of an object. */
  readonly inputSchema: McpObjectSchema;
  /** Its structured result: JSON Schema of an object. */
  readonly outputSchema?: McpObjectSchema;
  /** Hints for whoever asks people for consent. */
  readonly annotations?: McpToolAnnotations;
}

/** JSON Schema of an object. */
export interface McpObjectSchema {
  /** Always an object. */
  readonly type: "object";
  /** Whatever else a schema says. */
  readonly [keyword: string]: unknown;
}

/** Hints, none of which is a promise. */
export interface McpToolAnnotations {
  /** It changes nothing. */
  readonly readOnlyHint?: boolean;
  /** It may destroy something. */
  readonly destructiveHint?: boolean;
  /** Twice is as good as once. */
  readonly idempotentHint?: boolean;
  /** It reaches beyond the node. */
  readonly openWorldHint?: boolean;
}

/** A tool that stands for one operation. */
export interface OperationTool {
  /** The operation's name. */
  readonly operation: string;
  /** How MCP sees it. */
  readonly definition: McpToolDefinition;
  /** The operation's input in a tool's arguments. */
  inputOf(args: unknown): unknown;
  /** A tool's structured result for the operation's output. */
  resultOf(output: unknown): Readonly<Record<string, unknown>>;
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
  readonly definition: McpToolDefinition;
  /**
   * Runs it.
   *
   * @returns The structured result.
   * @throws {CallError} What the client is told as a failure of the tool.
   */
  run(args: unknown, call: ToolCall): Promise<Readonly<Record<string, unknown>>>;
}
