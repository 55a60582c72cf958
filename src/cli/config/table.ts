import { ConfigError } from "../errors.ts";
import type { Field } from "./field.ts";
import { locate } from "./locate.ts";
import { parseToml, tablesOf, type TomlFile } from "./read_tables.ts";

/** One table of the file: its values by key, and errors that say where they stand. */
export interface Table {
  string(key: string): string;
  strings(key: string): readonly string[];
  integer(key: string): number;
  boolean(key: string): boolean;
  /** Whether the file has the key, with whatever value. */
  has(key: string): boolean;
  /** A mistake in the value of a key. */
  error(key: string, problem: string): ConfigError;
}

/**
 * One table with its values checked against the schema and its gaps filled.
 *
 * @param fields The schema, that of other tables too.
 * @param index Which of them, where it may stand several times.
 */
export function tableOf(
  toml: TomlFile,
  fields: readonly Field[],
  name: string,
  index = 0,
): Table {
  const schema = new Map(
    fields.filter((each) => each.table === name).map((each) => [each.key, each]),
  );
  const given = tablesOf(toml, name)[index] ?? {};
  const fail = (key: string | undefined, problem: string): ConfigError =>
    new ConfigError(toml.file, locate(toml.text, { table: name, index, key }), problem);
  for (const key of Object.keys(given)) {
    if (!schema.has(key)) throw fail(key, unknownKey(name, key, schema));
  }
  const value = (key: string): unknown => {
    const field = schema.get(key);
    if (!field) throw fail(key, unknownKey(name, key, schema));
    const found = given[key] ?? fallbackOf(field);
    const problem = problemOf(field, found);
    if (problem) throw fail(key, problem);
    return found;
  };
  return {
    string: (key) => String(value(key)),
    strings: (key) => [value(key)].flat().map(String),
    integer: (key) => Number(value(key)),
    boolean: (key) => value(key) === true,
    has: (key) => Object.hasOwn(given, key),
    error: fail,
  };
}

function fallbackOf({ fallback, key }: Field): unknown {
  return fallback === "" ? "" : parseToml("schema", `${key} = ${fallback}`).root[key];
}

/** Longest time a timer can be set to; a longer one would be over at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What is wrong with a value, or undefined. */
function problemOf(field: Field, value: unknown): string | undefined {
  const { key, type, values, min = 0 } = field;
  if (type === "integer") {
    const good = typeof value === "number" && Number.isSafeInteger(value) && value >= min;
    if (!good) return `"${key}" must be a whole number of at least ${min}`;
    const late = key.endsWith("_ms") && value > MAX_TIMER_MS;
    return late ? `"${key}" must be at most ${MAX_TIMER_MS}, which is 24 days` : undefined;
  }
  if (type === "boolean") {
    return typeof value === "boolean" ? undefined : `"${key}" must be true or false`;
  }
  const texts = type === "strings" ? value : [value];
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === "string")) {
    return `"${key}" must be ${type === "strings" ? "an array of strings" : "a string"}`;
  }
  const foreign = texts.find((text) => values && !values.includes(text));
  if (foreign !== undefined) return `"${key}" must be one of: ${values?.join(", ")}`;
  return texts.some((text) => text.includes("\0")) ? `"${key}" contains NUL` : undefined;
}

function unknownKey(table: string, key: string, schema: ReadonlyMap<string, Field>): string {
  return `Unknown key "${key}" in [${table}]: ${nearest(key, new Set(schema.keys()))}`;
}

/** The known name that shares most of its start, as advice. */
export function nearest(name: string, known: ReadonlySet<string>): string {
  const shared = (other: string): number => {
    let count = 0;
    while (count < other.length && other[count] === name[count]) count++;
    return count;
  };
  const [best] = [...known].sort((a, b) => shared(b) - shared(a));
  return best && shared(best) >= 2 ? `did you mean "${best}"?` : `one of ${[...known].join(", ")}`;
}
