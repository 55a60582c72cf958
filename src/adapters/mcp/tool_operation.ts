import type { CallToolResult, Tool } from "@modelcontextprotocol/client";
import {
  AdapterError,
  ANYONE,
  CallError,
  importedOperation,
  type Operation,
  type OperationContext,
  type OperationSpec,
} from "@alknet/operations";

import { boundedValue } from "../http/parse_json.ts";
import type { Names } from "../names.ts";
import { isRecord, recordOf } from "../plain_data.ts";
import { SchemaReader } from "../schema/portable_schema.ts";
import { callErrorOf, MCP_ERRORS, McpCode } from "./mcp_errors.ts";
import type { McpSession } from "./mcp_session.ts";

/** How far a tool has come, as it says. */
export interface McpProgress {
  /** The operation. */
  readonly operation: string;
  /** The call of it. */
  readonly requestId: string;
  /** Grows. */
  readonly progress: number;
  /** What it grows to; undefined where that is not known. */
  readonly total: number | undefined;
  /** In words. */
  readonly message: string | undefined;
}

/** What all operations of one server share. */
export interface ToolContext {
  /** The connection. */
  readonly session: McpSession;
  /** Names given so far. */
  readonly names: Names;
  /** Told of progress. */
  readonly onProgress: ((progress: McpProgress) => void) | undefined;
}

const MAX_DESCRIPTION_CHARACTERS = 2_000;

/**
 * Makes an operation of a tool.
 *
 * @throws {AdapterError} For a tool that cannot be called like one.
 */
export function toolOperation(tool: Tool, context: ToolContext): Operation {
  if (recordOf(tool.execution).taskSupport === "required") {
    throw new AdapterError("schema-parse", "Cannot call the tool: it runs as a task only");
  }
  const input = new SchemaReader(recordOf(tool.inputSchema)).portable(tool.inputSchema, "request");
  const outputSchema = tool.outputSchema ?? true;
  const output = new SchemaReader(recordOf(outputSchema)).portable(outputSchema, "response");
  const name = context.names.take(tool.name);
  const { readOnlyHint = false, idempotentHint = false } = tool.annotations ?? {};
  const spec: OperationSpec = {
    name,
    namespace: name.split("/", 1)[0] ?? name,
    type: readOnlyHint ? "query" : "mutation",
    visibility: "internal",
    description: descriptionOf(tool),
    inputSchema: input.checked,
    outputSchema: output.checked,
    errorSchemas: MCP_ERRORS,
    accessControl: ANYONE,
    idempotent: readOnlyHint || idempotentHint,
  };
  const operation = importedOperation(spec, {
    kind: "once",
    run: (given, call) => callTool({ tool, operation: name, context }, given, call),
  });
  const shown = { inputSchema: input.shown, outputSchema: output.shown };
  return { ...operation, spec: { ...operation.spec, ...shown } };
}

function descriptionOf({ title, description }: Tool): string {
  return (description ?? title ?? "").slice(0, MAX_DESCRIPTION_CHARACTERS).toWellFormed();
}

interface Calling {
  readonly tool: Tool;
  readonly operation: string;
  readonly context: ToolContext;
}

async function callTool(
  { tool, operation, context: { session, onProgress } }: Calling,
  input: unknown,
  { signal, requestId }: OperationContext,
): Promise<unknown> {
  const options = {
    ...session.request(signal),
    resetTimeoutOnProgress: true,
    onprogress: (report: { progress: number; total?: number; message?: string }): void => {
      const { progress, total, message } = report;
      onProgress?.({ operation, requestId, progress, total, message });
    },
  };
  try {
    const params = { name: tool.name, arguments: isRecord(input) ? { ...input } : {} };
    const result = await session.use((client) => client.callTool(params, options));
    return outputOf(boundedValue(result));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw callErrorOf(error);
  }
}

/** Structured output where there is some, the text where that is all, else the blocks of content. */
function outputOf({ isError, structuredContent, content }: CallToolResult): unknown {
  if (isError) {
    const details = { content };
    throw new CallError(McpCode.ToolFailed, "The tool failed", { details, blame: "remote" });
  }
  if (structuredContent !== undefined) return structuredContent;
  const [first] = content;
  return content.length === 1 && first?.type === "text" ? first.text : content;
}
