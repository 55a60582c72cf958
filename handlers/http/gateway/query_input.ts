import type { JsonSchema } from "@alknet/operations";

import { isRecord } from "./call.ts";
import { invalidRequest, parseJson } from "./request_body.ts";

/** Query parameters that are not part of an input. */
const RESERVED: ReadonlySet<string> = new Set(["resumable"]);

/**
 * The input in a URL: `?input=<JSON>`, or a parameter for each property of the schema. What a
 * parameter's text stands for is the schema's decision: a property that is a number, boolean or
 * list there is read as one.
 *
 * @throws {HttpProblem} 400 when `input` is not JSON.
 */
export function queryInput(parameters: URLSearchParams, schema: JsonSchema): unknown {
  const properties = propertiesOf(schema);
  const given = parameters.get("input");
  if (given !== null && !Object.hasOwn(properties, "input")) return parseJson(given, "input");
  const names = [...new Set(parameters.keys())].filter((name) => !RESERVED.has(name));
  const entries = names.map((name): [string, unknown] => [
    name,
    valueOf(parameters.getAll(name), Object.hasOwn(properties, name) ? properties[name] : true),
  ]);
  return Object.fromEntries(entries);
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, unknown>> {
  const properties = isRecord(schema) ? schema.properties : undefined;
  return isRecord(properties) ? properties : {};
}

function valueOf(texts: readonly string[], schema: unknown): unknown {
  const type = isRecord(schema) ? schema.type : undefined;
  if (type === "array") {
    const items = isRecord(schema) ? schema.items : undefined;
    return texts.map((text) => scalarOf(text, items));
  }
  if (texts.length > 1) throw invalidRequest("A parameter stands there twice");
  return scalarOf(texts[0] ?? "", schema);
}

/** Text that does not read as its type stays text: the schema's own error says it best. */
function scalarOf(text: string, schema: unknown): unknown {
  const type = isRecord(schema) ? schema.type : undefined;
  if ((type === "number" || type === "integer") && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) {
    return Number(text);
  }
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (type === "object") return parseJson(text, "A parameter");
  return text;
}
