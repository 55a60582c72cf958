import { StoreSerializationError } from "./errors.ts";

/** Resources by type. */
export type Resources = Readonly<Record<string, readonly string[]>>;

/** Writes a list for a column of JSON text. */
export function listText(list: readonly string[]): string {
  return JSON.stringify(list);
}

/** Writes resources for a column of JSON text: the same resources give the same text. */
export function resourcesText(resources: Resources): string {
  const entries = Object.entries(resources).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(Object.fromEntries(entries));
}

/**
 * Reads a list from a column of JSON text.
 *
 * @throws {StoreSerializationError} When something else stands there.
 */
export function parseList(text: string): readonly string[] {
  const value = parse(text);
  if (isList(value)) return value;
  throw new StoreSerializationError("Cannot read a column: not a list of strings");
}

/**
 * Reads resources from a column of JSON text.
 *
 * @throws {StoreSerializationError} When something else stands there.
 */
export function parseResources(text: string): Resources {
  const value = parse(text);
  if (typeof value === "object" && value !== null && Object.values(value).every(isList)) {
    return value as Resources;
  }
  throw new StoreSerializationError("Cannot read a column: not a map of lists");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreSerializationError("Cannot read a column: not JSON", { cause });
  }
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
