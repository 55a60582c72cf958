import { SchemaError } from "./errors.ts";
import type { JsonSchema } from "./json_schema.ts";
import { LIST, MAP, ONE } from "./schema_keywords.ts";
import { DEFAULT_VALUE_LIMITS, excess } from "./value_limits.ts";

/** A schema that is safe to hand to the validator. */
export interface PreparedSchema {
  /** A copy that nobody else can change. */
  readonly schema: JsonSchema;
  /** Whether any regular expression is in it. */
  readonly hasPatterns: boolean;
  /** Whether any reference is in it. */
  readonly hasReferences: boolean;
}

const MAX_NODES = 20_000;

/**
 * Copies a schema, bounded in size and depth, without what the validator would add to the standard:
 * `format` is an annotation in draft 2020-12, and keywords that begin with `~` are typebox's own.
 *
 * @throws {SchemaError} For a schema too large, or with a pattern that is no regular expression.
 */
export function prepareSchema(schema: JsonSchema): PreparedSchema {
  if (typeof schema !== "boolean" && !isRecord(schema)) {
    throw new SchemaError("Cannot use the schema: it is neither an object nor a boolean");
  }
  const limits = { ...DEFAULT_VALUE_LIMITS, maxNodes: MAX_NODES };
  const problem = excess(schema, { limits, matched: false });
  if (problem) throw new SchemaError(`Cannot use the schema: ${problem.toLowerCase()}`);
  const found = { hasPatterns: false, hasReferences: false };
  const copy = copySchema(schema, found);
  return { schema: copy, ...found };
}

type Found = { hasPatterns: boolean; hasReferences: boolean };

function copySchema(schema: JsonSchema, found: Found): JsonSchema {
  if (!isRecord(schema)) return schema;
  const entries = Object.entries(schema)
    .filter(([keyword]) => keyword !== "format" && !keyword.startsWith("~"))
    .map(([keyword, value]) => [keyword, copyKeyword(keyword, value, found)]);
  return Object.fromEntries(entries);
}

function copyKeyword(keyword: string, value: unknown, found: Found): unknown {
  if (keyword === "$ref" || keyword === "$dynamicRef") found.hasReferences = true;
  if (keyword === "pattern") notePattern(value, found);
  if (keyword === "patternProperties" && isRecord(value)) {
    for (const pattern of Object.keys(value)) notePattern(pattern, found);
  }
  if (ONE.has(keyword)) return copyOne(value, found);
  if (LIST.has(keyword) && Array.isArray(value)) return value.map((each) => copyOne(each, found));
  if (MAP.has(keyword) && isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, copyOne(each, found)]),
    );
  }
  // A schema under a keyword nobody knows can be reached by $ref, patterns and all.
  if (!found.hasPatterns && mentionsPattern(value)) found.hasPatterns = true;
  return cloned(value);
}

function cloned(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new SchemaError("Cannot use the schema: it is not plain data", { cause });
  }
}

function copyOne(value: unknown, found: Found): unknown {
  return isRecord(value) ? copySchema(value, found) : value;
}

function notePattern(pattern: unknown, found: Found): void {
  found.hasPatterns = true;
  if (typeof pattern !== "string") {
    throw new SchemaError("Cannot use the schema: pattern is no text");
  }
  try {
    new RegExp(pattern, "u");
  } catch (cause) {
    throw new SchemaError(`Cannot use the schema: pattern "${pattern}" is not valid`, { cause });
  }
}

function mentionsPattern(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(mentionsPattern);
  if (!isRecord(value)) return false;
  return "pattern" in value || "patternProperties" in value ||
    Object.values(value).some(mentionsPattern);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
