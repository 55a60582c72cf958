import { Check, Compile, Errors, Meta } from "typebox/schema";

import { isStandardSchema, type JsonSchema, type SchemaSource } from "./json_schema.ts";
import { type PreparedSchema, prepareSchema } from "./prepare_schema.ts";
import type { StandardIssue, StandardResult, StandardSchema } from "./standard_schema.ts";
import { DEFAULT_VALUE_LIMITS, excess, type ValueLimits } from "./value_limits.ts";

/** One thing wrong with a value. */
export interface SchemaIssue {
  /** Where: a JSON Pointer (RFC 6901), empty for the whole value. */
  readonly path: string;
  /** What, in words; says nothing of the value but its keys. */
  readonly message: string;
}

/** What a check found: the value, perhaps transformed, or at least one issue. */
export type Verdict =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly SchemaIssue[] };

/** Checks values against one schema. */
export interface SchemaCheck {
  /** The schema as JSON Schema; `true` where a library cannot tell. */
  readonly jsonSchema: JsonSchema;
  /** Checks a value; within limits first, against the schema then. */
  check(value: unknown, limits?: ValueLimits): Verdict | Promise<Verdict>;
}

/** How far the author of a schema is trusted. */
export interface SchemaCheckOptions {
  /**
   * True for a schema that came over a network: no code is made from it, and one with a pattern or
   * a reference is not run at all, since either can be written to run for ever; then only limits
   * are checked, and its owner does the rest. Default: false.
   */
  readonly foreign?: boolean;
  /** Other schemas that references may name, by their URI. Default: the metaschema alone. */
  readonly references?: Readonly<Record<string, JsonSchema>>;
}

/** Most issues told of one value. */
export const MAX_ISSUES = 8;

/**
 * Makes a check of a schema. References are resolved within the schema and those given; one that
 * leads elsewhere lets nothing pass, and nothing is ever fetched.
 *
 * @throws {SchemaError} For a schema that cannot be used.
 *
 * @example
 * ```ts
 * import { schemaCheck } from "@alknet/operations";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const { check } = schemaCheck({ type: "array", items: { type: "integer" } });
 * deepStrictEqual(await check([1, "two"]), {
 *   ok: false,
 *   issues: [{ path: "/1", message: "must be integer" }],
 * });
 * ```
 */
export function schemaCheck(source: SchemaSource, options: SchemaCheckOptions = {}): SchemaCheck {
  if (isStandardSchema(source)) return standardCheck(source);
  const prepared = prepareSchema(source);
  const references = prepareReferences(options.references);
  const context = references.schemas;
  const matched = prepared.hasPatterns || references.hasPatterns;
  const { schema } = prepared;
  const passes = options.foreign ? foreignTest(prepared) : compiledTest(schema, context);
  return {
    jsonSchema: source,
    check(value, limits = DEFAULT_VALUE_LIMITS) {
      const problem = excess(value, { limits, matched });
      if (problem) return fail([{ path: "", message: problem }]);
      try {
        return passes(value) ? { ok: true, value } : fail(issuesOf(schema, context, value));
      } catch (error) {
        if (!options.foreign) throw error;
        // What another node calls a schema may make no sense at all: nothing passes it.
        return fail([{ path: "", message: "The schema cannot be followed" }]);
      }
    },
  };
}

type Context = Readonly<Record<string, JsonSchema>>;

const METASCHEMA = "https://json-schema.org/draft/2020-12/schema";

function prepareReferences(references: Context = {}): { schemas: Context; hasPatterns: boolean } {
  const prepared = Object.entries(references).map(([uri, each]) =>
    [uri, prepareSchema(each)] as const
  );
  const schemas = Object.fromEntries(prepared.map(([uri, { schema }]) => [uri, schema]));
  const hasPatterns = prepared.some(([, each]) => each.hasPatterns);
  return { schemas: { [METASCHEMA]: metaschema(), ...schemas }, hasPatterns };
}

let preparedMetaschema: JsonSchema | undefined;

function metaschema(): JsonSchema {
  return preparedMetaschema ??= prepareSchema(Meta[METASCHEMA]).schema;
}

/** Code made from a schema of this program's own; interpreted where the host forbids that. */
function compiledTest(schema: JsonSchema, context: Context): (value: unknown) => boolean {
  const validator = Compile(context, schema);
  return (value) => validator.Check(value);
}

function foreignTest(prepared: PreparedSchema): (value: unknown) => boolean {
  if (prepared.hasPatterns || prepared.hasReferences) return () => true;
  return (value) => Check(prepared.schema, value);
}

function issuesOf(schema: JsonSchema, context: Context, value: unknown): SchemaIssue[] {
  const [, found] = Errors(context, schema, value);
  // "schema is false" comes beside the keyword that says why.
  const telling = found.filter(({ keyword }) => keyword !== "boolean");
  const issues = (telling.length > 0 ? telling : found).slice(0, MAX_ISSUES);
  return issues.map(({ instancePath, message }) => ({ path: instancePath, message }));
}

function standardCheck(source: StandardSchema): SchemaCheck {
  const standard = source["~standard"];
  return {
    jsonSchema: standard.jsonSchema?.input({ target: "draft-2020-12" }) ?? true,
    check(value, limits = DEFAULT_VALUE_LIMITS) {
      // Whether the library matches patterns is not known, so it is assumed.
      const problem = excess(value, { limits, matched: true });
      if (problem) return fail([{ path: "", message: problem }]);
      const result = standard.validate(value);
      return result instanceof Promise ? result.then(standardVerdict) : standardVerdict(result);
    },
  };
}

function standardVerdict(result: StandardResult<unknown>): Verdict {
  if (result.issues === undefined) return { ok: true, value: result.value };
  return fail(result.issues.slice(0, MAX_ISSUES).map(standardIssue));
}

function standardIssue({ message, path = [] }: StandardIssue): SchemaIssue {
  const keys = path.map((step) => String(typeof step === "object" ? step.key : step));
  return { path: keys.map((key) => `/${escapePointer(key)}`).join(""), message };
}

/** RFC 6901 section 3. */
function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function fail(issues: readonly SchemaIssue[]): Verdict {
  return { ok: false, issues };
}
