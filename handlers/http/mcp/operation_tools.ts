import {
  inputOfTool,
  mcpToolName,
  mcpTools,
  type OperationSpec,
  structuredOutput,
} from "@alknet/operations";

import { isRecord } from "../gateway/call.ts";
import { callOperation } from "./call_operation.ts";
import type { RunnableTool } from "./mcp_tool.ts";

/** How much a tool takes of a subscription. */
const TAKE = { maxItems: 100, maxMs: 10_000 };

/** What a tool gives of a subscription. */
const TAKEN = {
  type: "object",
  properties: { items: { type: "array" }, completed: { type: "boolean" } },
  required: ["items", "completed"],
} as const;

/**
 * A tool for each operation, with its own schema; see `mcpTools` of @alknet/operations. That of a
 * subscription brings what comes within ten seconds.
 */
export function operationTools(specs: readonly OperationSpec[]): RunnableTool[] {
  const byTool = new Map(specs.map((spec) => [mcpToolName(spec.name), spec]));
  return mcpTools(specs.map(asCallable)).flatMap((definition): RunnableTool[] => {
    const spec = byTool.get(definition.name);
    if (!spec) return [];
    return [{
      definition,
      async run(args, call) {
        const wanted = { operation: spec.name, input: inputOfTool(spec, args) };
        const result = await callOperation(wanted, call, TAKE);
        if (spec.type === "subscription") return { value: result, structured: result };
        const { output: value } = result;
        const structured = structuredOutput(spec, value);
        return isRecord(structured) ? { value, structured } : { value };
      },
    }];
  });
}

function asCallable(spec: OperationSpec): OperationSpec {
  return spec.type === "subscription" ? { ...spec, type: "query", outputSchema: TAKEN } : spec;
}
