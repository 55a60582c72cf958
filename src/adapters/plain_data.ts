/** A value of a document that somebody else wrote, once it is known to be an object. */
export type PlainRecord = Readonly<Record<string, unknown>>;

/** Whether a value is an object and no array. */
export function isRecord(value: unknown): value is PlainRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as an object; one without members where it is none. */
export function recordOf(value: unknown): PlainRecord {
  return isRecord(value) ? value : {};
}

/** A value as an array; an empty one where it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value as text; undefined where it is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A member of its own that an object has, never one it inherits. */
export function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
