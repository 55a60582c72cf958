import {
  CallCode,
  CallError,
  type JsonSchema,
  type McpTool,
  type McpToolAnnotations,
  runBatch,
  schemaCheck,
} from "@alknet/operations";

import { batchOf, isRecord, shownError } from "../gateway/call.ts";
import { callOperation } from "./call_operation.ts";
import type { RunnableTool, ToolCall } from "./mcp_tool.ts";

/** Most items that one call takes of a subscription. */
const MAX_ITEMS = 1_000;
/** Longest time that one call listens to a subscription. */
const MAX_LISTEN_MS = 60_000;

const OPERATION = { type: "string", description: "An operation's name, such as node/info" };
/** Anything; said in full, since some models take no schema that does not say a type. */
const INPUT = {
  type: ["object", "array", "string", "number", "boolean", "null"],
  description: "Its input; schema tells what it takes. Default: {}",
};

const READS: McpToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
};
const CHANGES: McpToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
};

/** The tools through which everything is reached, however many operations there are. */
export const GENERAL_TOOLS: readonly RunnableTool[] = [
  tool({
    name: "search",
    description: "Lists the operations you may call, by words in their name or description",
    inputSchema: {
      type: "object",
      properties: { query: { type: "string", description: "Default: all" } },
    },
    annotations: READS,
  }, async ({ query }, { backend, signal }) => {
    const wanted = String(query ?? "").toLowerCase();
    const operations = (await backend.list(signal))
      .filter(({ name, description }) => `${name}\n${description}`.toLowerCase().includes(wanted))
      .map(({ name, type, description }) => ({ name, type, description }));
    return { operations };
  }),
  tool({
    name: "schema",
    description: "Tells what an operation takes, gives and fails with, as JSON Schema",
    inputSchema: { type: "object", properties: { name: OPERATION }, required: ["name"] },
    annotations: READS,
  }, async ({ name }, { backend, signal }) => ({ ...await backend.schema(String(name), signal) })),
  tool({
    name: "call",
    description: "Calls an operation. Of a subscription it takes maxItems items, or what comes " +
      "within listenMs",
    inputSchema: {
      type: "object",
      properties: {
        operation: OPERATION,
        input: INPUT,
        maxItems: { type: "integer", minimum: 1, maximum: MAX_ITEMS, description: "Default: 100" },
        listenMs: {
          type: "integer",
          minimum: 1,
          maximum: MAX_LISTEN_MS,
          description: "Default: 10000",
        },
      },
      required: ["operation"],
    },
    annotations: CHANGES,
  }, async ({ operation, input = {}, maxItems = 100, listenMs = 10_000 }, call) => {
    const options = { maxItems: Number(maxItems), maxMs: Number(listenMs) };
    return await callOperation({ operation: String(operation), input }, call, options);
  }),
  tool({
    name: "batch",
    description: 'Calls several operations at once; {"$ref": "#/<id>/path"} in an input stands ' +
      "for a part of the output of an earlier call",
    inputSchema: {
      type: "object",
      properties: {
        calls: {
          type: "array",
          items: {
            type: "object",
            properties: { id: { type: "string" }, operation: OPERATION, input: INPUT },
            required: ["operation"],
          },
        },
      },
      required: ["calls"],
    },
    annotations: CHANGES,
  }, async ({ calls }, { backend, signal }) => {
    const results = await runBatch(backend.dispatcher, batchOf(calls), backend.request(signal));
    return {
      results: results.map((result) =>
        "error" in result
          ? { id: result.id, error: shownError(result.error) }
          : { id: result.id, output: result.output ?? null }
      ),
    };
  }),
];

type Arguments = Readonly<Record<string, unknown>>;

/** A tool whose arguments are checked against its schema. */
function tool(
  definition: McpTool,
  run: (args: Arguments, call: ToolCall) => Promise<Readonly<Record<string, unknown>>>,
): RunnableTool {
  const schema: JsonSchema = { ...definition.inputSchema };
  const { check } = schemaCheck(schema);
  return {
    definition,
    async run(args, call) {
      const verdict = await check(args);
      if (verdict.ok && isRecord(args)) {
        const structured = await run(args, call);
        return { value: structured, structured };
      }
      const details = verdict.ok ? undefined : { issues: verdict.issues };
      throw new CallError(CallCode.InvalidInput, "Arguments do not fit the tool", { details });
    },
  };
}
