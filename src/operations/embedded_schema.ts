import type { JsonSchema } from "./json_schema.ts";
import { LIST, MAP, ONE } from "./schema_keywords.ts";

/** A schema as it stands inside another document. */
export interface EmbeddedSchema {
  /** With references that lead to where it now stands. */
  readonly schema: JsonSchema;
  /** Whether any reference is in it, so that it has to stand where it was made for. */
  readonly hasReferences: boolean;
}

/**
 * Rewrites a schema's references into itself for a place inside another document. What refers by a
 * name instead of a path lets everything pass: such names are not looked for across documents.
 *
 * @param pointer Where it will stand, such as `#/components/schemas/Pet`.
 */
export function embeddedSchema(schema: JsonSchema, pointer: string): EmbeddedSchema {
  const state = { pointer, hasReferences: false };
  return { schema: asObject(embed(schema, state)), hasReferences: state.hasReferences };
}

interface State {
  readonly pointer: string;
  hasReferences: boolean;
}

function embed(schema: unknown, state: State): JsonSchema {
  if (typeof schema !== "object" || schema === null) return schema !== false;
  // With an identifier of its own it is a document within the document: its references hold.
  if ("$id" in schema) return { ...schema };
  const entries = Object.entries(schema)
    .flatMap(([keyword, value]) => embeddedKeyword(keyword, value, state));
  return Object.fromEntries(entries);
}

function embeddedKeyword(keyword: string, value: unknown, state: State): [string, unknown][] {
  if (keyword === "$ref" && typeof value === "string") return embeddedReference(value, state);
  if (DROPPED.has(keyword)) return [];
  if (ONE.has(keyword)) return [[keyword, embed(value, state)]];
  if (LIST.has(keyword) && Array.isArray(value)) {
    return [[keyword, value.map((each) => asObject(embed(each, state)))]];
  }
  if (!MAP.has(keyword) || typeof value !== "object" || value === null) return [[keyword, value]];
  const map = Object.entries(value).map(([name, each]) => [name, asObject(embed(each, state))]);
  return [[keyword, Object.fromEntries(map)]];
}

/** Tools for OpenAPI and MCP stumble over schemas that are booleans, but for well-known places. */
function asObject(schema: JsonSchema): JsonSchema {
  if (schema === true) return {};
  return schema === false ? { not: {} } : schema;
}

/** Names that mean something in their own document alone. */
const DROPPED: ReadonlySet<string> = new Set([
  "$schema",
  "$anchor",
  "$dynamicAnchor",
  "$dynamicRef",
]);

function embeddedReference(reference: string, state: State): [string, unknown][] {
  if (reference !== "#" && !reference.startsWith("#/")) {
    return reference.startsWith("#") ? [] : [["$ref", reference]];
  }
  state.hasReferences = true;
  return [["$ref", state.pointer + reference.slice(1)]];
}
