import type { JsonSchema } from "@alknet/operations";

import { isRecord, type PlainRecord, recordOf } from "../plain_data.ts";

/** Which of a schema's properties count: `readOnly` ones are not sent, `writeOnly` not received. */
export type Direction = "request" | "response";

/** How a schema is copied. */
export interface SchemaVisit {
  /** Where its values go. */
  readonly direction: Direction;
  /** Whether regular expressions stay. */
  readonly exact: boolean;
  /** What stands for a reference; undefined where anything passes. */
  refer(reference: string): CopiedSchema | undefined;
  /** Says whether there is room for one more schema. */
  enter(): boolean;
}

/** A copy of a schema. */
export interface CopiedSchema {
  /** The copy. */
  readonly schema: JsonSchema;
  /** Whether it lets more pass than what it was copied from. */
  readonly loose: boolean;
}

const ANYTHING: CopiedSchema = { schema: true, loose: true };

const ONE: ReadonlySet<string> = new Set(
  ("additionalProperties propertyNames contains not if then else items contentSchema " +
    "unevaluatedItems unevaluatedProperties").split(" "),
);
const LIST: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const MAP: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependentSchemas"]);

/** Keywords whose value is no schema. What is not listed is dropped: extensions, identifiers. */
const PLAIN: ReadonlySet<string> = new Set(
  ("type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength " +
    "minLength pattern maxItems minItems uniqueItems maxContains minContains maxProperties " +
    "minProperties required dependentRequired title description default deprecated readOnly " +
    "writeOnly format contentEncoding contentMediaType examples").split(" "),
);

/** Keywords that refuse more once a schema within, or beside them, lets more pass. */
const CONTRARY: readonly string[] =
  "not if then else maxContains unevaluatedItems unevaluatedProperties oneOf".split(" ");

/**
 * Copies the keywords of draft 2020-12 that OpenAPI 3.1 uses. Where something has to be left out,
 * the copy lets more pass than the schema, never less.
 */
export function copySchema(schema: unknown, visit: SchemaVisit): CopiedSchema {
  if (!isRecord(schema)) return { schema: schema !== false, loose: false };
  if (!visit.enter()) return ANYTHING;
  const copy: Record<string, unknown> = {};
  let loose = false;
  for (const [keyword, value] of Object.entries(schema)) {
    const kept = copiedKeyword(keyword, value, visit);
    loose ||= kept.loose;
    if (kept.value !== undefined) copy[keyword] = kept.value;
  }
  if (Array.isArray(copy.required)) copy.required = neededIn(copy.required, schema, visit);
  if (loose) loosen(copy);
  if (isRecord(schema.patternProperties) && !copy.patternProperties) {
    delete copy.additionalProperties;
  }
  return withReference(schema.$ref, { schema: copy, loose }, visit);
}

function withReference(
  reference: unknown,
  beside: CopiedSchema,
  visit: SchemaVisit,
): CopiedSchema {
  if (typeof reference !== "string") return beside;
  const target = visit.refer(reference);
  if (target === undefined) return { ...beside, loose: true };
  if (Object.keys(recordOf(beside.schema)).length === 0) return target;
  return {
    schema: { allOf: [target.schema, beside.schema] },
    loose: target.loose || beside.loose,
  };
}

interface CopiedKeyword {
  readonly value: unknown;
  readonly loose: boolean;
}

const DROPPED: CopiedKeyword = { value: undefined, loose: false };

function copiedKeyword(keyword: string, value: unknown, visit: SchemaVisit): CopiedKeyword {
  if (keyword === "pattern") {
    return visit.exact && isPattern(value) ? { value, loose: false } : { ...DROPPED, loose: true };
  }
  if (PLAIN.has(keyword)) return { value, loose: false };
  if (ONE.has(keyword)) return only(copySchema(value, visit));
  if (LIST.has(keyword) && Array.isArray(value)) {
    const all = value.map((each) => copySchema(each, visit));
    return { value: all.map(({ schema }) => schema), loose: all.some(({ loose }) => loose) };
  }
  return MAP.has(keyword) && isRecord(value) ? copiedMap(keyword, value, visit) : DROPPED;
}

function only({ schema, loose }: CopiedSchema): CopiedKeyword {
  return { value: schema, loose };
}

function copiedMap(keyword: string, map: PlainRecord, visit: SchemaVisit): CopiedKeyword {
  const byPattern = keyword === "patternProperties";
  const kept = Object.entries(map).filter(([name]) =>
    !byPattern || (visit.exact && isPattern(name))
  );
  if (byPattern && kept.length < Object.keys(map).length) return { ...DROPPED, loose: true };
  const all = kept.map(([name, each]) => [name, copySchema(each, visit)] as const);
  return {
    value: Object.fromEntries(all.map(([name, { schema }]) => [name, schema])),
    loose: all.some(([, { loose }]) => loose),
  };
}

function loosen(copy: Record<string, unknown>): void {
  if (copy.oneOf !== undefined) copy.anyOf ??= copy.oneOf;
  for (const keyword of CONTRARY) delete copy[keyword];
}

/** OpenAPI 3.0 section 4.7.24.2: a readOnly property is required in answers only. */
function neededIn(required: unknown[], schema: PlainRecord, visit: SchemaVisit): unknown[] {
  const flag = visit.direction === "request" ? "readOnly" : "writeOnly";
  const properties = recordOf(schema.properties);
  return required.filter((name) =>
    typeof name !== "string" || recordOf(properties[name])[flag] !== true
  );
}

function isPattern(pattern: unknown): boolean {
  if (typeof pattern !== "string") return false;
  try {
    new RegExp(pattern, "u");
    return true;
  } catch {
    return false; // written in another dialect: its owner checks
  }
}
