import { isRecord } from "./is_record.ts";

/** Where a reference leads within its document: decoded steps. */
export type Steps = readonly string[];

/**
 * Reads a reference to a place of its own document: `#` or `#/a/b` (RFC 6901 section 6).
 *
 * @returns Undefined for any other: nothing is fetched, and anchors are not followed.
 */
export function stepsOf(reference: unknown): Steps | undefined {
  if (typeof reference !== "string" || !/^#(\/|$)/.test(reference)) return undefined;
  try {
    return reference.slice(1).split("/").slice(1).map((step) =>
      decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~")
    );
  } catch {
    return undefined; // a percent sign that begins nothing
  }
}

/** What stands at a place of a document; undefined where there is nothing. */
export function valueAt(document: unknown, steps: Steps): unknown {
  let value = document;
  for (const step of steps) {
    const has = typeof value === "object" && value !== null && Object.hasOwn(value, step);
    if (!has) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** A place as text, for maps. */
export function placeOf(steps: Steps): string {
  return JSON.stringify(steps);
}

/**
 * Whether the type of one place would be made of the type of another without an object or an array
 * between them, which TypeScript refuses where that closes a circle.
 */
export function isMadeOf(document: unknown, from: Steps, goal: string): boolean {
  const seen = new Set<string>();
  const queue: Steps[] = [from];
  for (let steps = queue.pop(); steps; steps = queue.pop()) {
    const place = placeOf(steps);
    if (place === goal) return true;
    if (seen.has(place)) continue;
    seen.add(place);
    queue.push(...immediateReferences(valueAt(document, steps)));
  }
  return false;
}

function immediateReferences(schema: unknown): Steps[] {
  if (!isRecord(schema)) return [];
  const own = stepsOf(schema.$ref);
  const members = ["anyOf", "oneOf", "allOf"].map((keyword) => schema[keyword])
    .flatMap((list): unknown[] => Array.isArray(list) ? list : []);
  return [...own ? [own] : [], ...members.flatMap(immediateReferences)];
}
