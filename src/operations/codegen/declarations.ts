import { DEFAULT_VALUE_LIMITS, excess } from "../value_limits.ts";
import { type NameType, SchemaTypes } from "./schema_types.ts";

/** Most values in a schema that is turned into a type. */
const MAX_NODES = 20_000;

/** Declarations of TypeScript types, and the name of the first, which stands for the whole schema. */
export interface Declarations {
  readonly name: string;
  readonly declarations: string;
}

/**
 * Declares the types of a schema. One that is too large is of type `unknown`.
 *
 * @param schema Of draft 2020-12; it need not be trusted.
 * @param wanted The name its type shall have.
 * @param nameType Gives names that are free.
 */
export function declarationsOf(schema: unknown, wanted: string, nameType: NameType): Declarations {
  const name = nameType(wanted);
  const limits = { ...DEFAULT_VALUE_LIMITS, maxNodes: MAX_NODES };
  const usable = excess(schema, { limits, matched: false }) === undefined ? schema : true;
  return { name, declarations: new SchemaTypes(usable, name, nameType).declarations() };
}

/**
 * The types of a schema as TypeScript, for people to read.
 *
 * @param schema Of draft 2020-12; it need not be trusted.
 * @param name The name of its type.
 *
 * @example
 * ```ts
 * import { describeSchema } from "@alknet/operations/codegen";
 * import { strictEqual } from "node:assert/strict";
 *
 * const schema = { type: "array", items: { enum: ["a", "b"] } };
 * strictEqual(describeSchema(schema, "Input"), 'type Input = ("a" | "b")[];\n');
 * ```
 */
export function describeSchema(schema: unknown, name: string): string {
  return declarationsOf(schema, name, typeNames()).declarations.replace(/^export /gm, "");
}

/** Names that are identifiers and given once; which one gets the number follows from the order. */
export function typeNames(reserved: readonly string[] = []): NameType {
  const taken = new Set(reserved);
  const numbers = new Map<string, number>();
  return (wanted) => {
    const base = wanted.replace(/[^A-Za-z0-9_]+/g, "_").slice(0, 200);
    let number = numbers.get(base) ?? 1;
    let name = number === 1 ? base : `${base}${number}`;
    while (taken.has(name)) name = `${base}${++number}`;
    numbers.set(base, number + 1);
    taken.add(name);
    return name;
  };
}
