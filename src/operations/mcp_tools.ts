import { embeddedSchema } from "./embedded_schema.ts";
import type { JsonSchema } from "./json_schema.ts";
import { mcpToolName } from "./mcp_tool_name.ts";
import type { OperationSpec } from "./spec.ts";

/** A tool of MCP, as plain data. */
export interface McpTool {
  /** See {@linkcode mcpToolName}. */
  readonly name: string;
  /** In words. */
  readonly description: string;
  /** What goes in: always an object. */
  readonly inputSchema: McpObjectSchema;
  /** What comes out: always an object; undefined where nothing is known of it. */
  readonly outputSchema?: McpObjectSchema;
  /** What a client may tell a person before it calls. */
  readonly annotations: McpToolAnnotations;
}

/** A schema of objects. */
export interface McpObjectSchema {
  /** What MCP wants at the root. */
  readonly type: "object";
  /** Any other keyword. */
  readonly [keyword: string]: unknown;
}

/** What a client may tell a person of a tool. */
export interface McpToolAnnotations {
  /** Whether it changes nothing. */
  readonly readOnlyHint: boolean;
  /** Whether it may change or remove what is there. */
  readonly destructiveHint: boolean;
  /** Whether twice is as good as once. */
  readonly idempotentHint: boolean;
}

/** Longest name of a tool (MCP, "Tool names"). */
const MAX_TOOL_NAME_CHARACTERS = 128;

/**
 * Describes operations as tools of MCP. Subscriptions are none, nor is what has too long a name.
 * Whoever serves them decides which operations a caller is shown.
 *
 * @example
 * ```ts
 * import { ANYONE, mcpTools, operation } from "@alknet/operations";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const input = { type: "string" } as const;
 * const { spec } = operation({ name: "text/length", input, access: ANYONE, handler: () => 1 });
 * deepStrictEqual(mcpTools([spec]).map(({ name, inputSchema }) => [name, inputSchema.required]), [
 *   ["text-length", ["input"]],
 * ]);
 * ```
 */
export function mcpTools(specs: readonly OperationSpec[]): McpTool[] {
  return specs
    .filter(({ type, name }) =>
      type !== "subscription" && mcpToolName(name).length <= MAX_TOOL_NAME_CHARACTERS
    )
    .map(toolOf);
}

function toolOf(spec: OperationSpec): McpTool {
  const { name, description, type, idempotent, inputSchema, outputSchema } = spec;
  const output = isAnything(outputSchema) ? undefined : objectSchema(outputSchema, "output");
  return {
    name: mcpToolName(name),
    description: description || name,
    inputSchema: isAnything(inputSchema) ? { type: "object" } : objectSchema(inputSchema, "input"),
    ...(output ? { outputSchema: output } : {}),
    annotations: {
      readOnlyHint: type === "query",
      destructiveHint: type !== "query",
      idempotentHint: idempotent,
    },
  };
}

/** The input of an operation that a tool's arguments stand for. */
export function inputOfTool({ inputSchema }: OperationSpec, args: unknown): unknown {
  if (isAnything(inputSchema) || isOfObjects(inputSchema)) return args ?? {};
  if (typeof args !== "object" || args === null) return undefined;
  return Object.hasOwn(args, "input") && "input" in args ? args.input : undefined;
}

/** What a tool's result has as structured content; undefined where it is no object. */
export function structuredOutput({ outputSchema }: OperationSpec, output: unknown): unknown {
  if (!isAnything(outputSchema)) return isOfObjects(outputSchema) ? output : { output };
  return typeof output === "object" && output !== null && !Array.isArray(output)
    ? output
    : undefined;
}

function objectSchema(schema: JsonSchema, key: string): McpObjectSchema {
  if (isOfObjects(schema)) return { ...schema, type: "object" };
  const embedded = embeddedSchema(schema, `#/properties/${key}`).schema;
  return { type: "object", properties: { [key]: embedded }, required: [key] };
}

function isOfObjects(schema: JsonSchema): schema is Exclude<JsonSchema, boolean> {
  return typeof schema === "object" && schema.type === "object";
}

function isAnything(schema: JsonSchema): boolean {
  return schema === true || (typeof schema === "object" && Object.keys(schema).length === 0);
}
