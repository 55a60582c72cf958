/**
 * The name of an operation where only letters, digits, `_` and `-` are allowed, as in tools of MCP:
 * `/` becomes `-`, `-` becomes `_-`, `.` becomes `_0`, and `_` is doubled where it would be read as
 * one of these. {@linkcode operationOfTool} is the way back.
 *
 * @example
 * ```ts
 * import { mcpToolName, operationOfTool } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(mcpToolName("fs/read_file"), "fs-read_file");
 * strictEqual(operationOfTool("fs-read_file"), "fs/read_file");
 * ```
 */
export function mcpToolName(operation: string): string {
  return operation.replace(/_(?=[-/._0])|[-./]/g, (each) => ESCAPES[each] ?? each);
}

const ESCAPES: Readonly<Record<string, string>> = { "_": "__", "-": "_-", ".": "_0", "/": "-" };

/** The operation that a tool's name stands for. */
export function operationOfTool(tool: string): string {
  return tool.replace(/_[-0_]|-/g, (each) => MEANINGS[each] ?? each);
}

const MEANINGS: Readonly<Record<string, string>> = { "__": "_", "_-": "-", "_0": ".", "-": "/" };
