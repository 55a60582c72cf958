import type { TypeOfSchema } from "./schema_types.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** A JSON Schema of draft 2020-12, as plain data. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** How an operation describes a value: JSON Schema, or any library with the Standard interface. */
export type SchemaSource = JsonSchema | StandardSchema<unknown, unknown>;

/** The type that a schema lets pass, as a handler sees it. */
export type ValueOf<Source> = Source extends StandardSchema<infer _Input, infer Output> ? Output
  : Source extends boolean ? unknown
  : TypeOfSchema<Source>;

/** The type that a schema takes. */
export type RawValueOf<Source> = Source extends StandardSchema<infer Input, infer _Output> ? Input
  : ValueOf<Source>;

/** Whether a schema comes from a library with the Standard interface. */
export function isStandardSchema(source: SchemaSource): source is StandardSchema {
  // Some libraries' schemas are functions. What is called a schema elsewhere may be anything.
  if (typeof source !== "object" && typeof source !== "function") return false;
  if (source === null || !("~standard" in source)) return false;
  const standard: unknown = source["~standard"];
  return typeof standard === "object" && standard !== null && "validate" in standard &&
    typeof standard.validate === "function";
}
