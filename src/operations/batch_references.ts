import { CallCode, CallError } from "./call_error.ts";

/** A reference of one batch item to the result of another. */
export interface BatchReference {
  /** The item whose result is meant. */
  readonly id: string;
  /** Keys to follow in it. */
  readonly path: readonly string[];
  /** As written. */
  readonly text: string;
}

/** Deepest nesting in which references are looked for. */
export const MAX_BATCH_DEPTH = 64;

const MAX_PATH_STEPS = 32;

/** Every reference in an input, in order. */
export function referencesIn(input: unknown): BatchReference[] {
  const found: BatchReference[] = [];
  replaceReferences(input, (reference) => {
    found.push(reference);
    return undefined;
  });
  return found;
}

/**
 * Copies an input with what references stand for in their place. An object with the one key `$ref`
 * is a reference; `{"$literal": x}` stands for `x` as it is, whatever is in it.
 *
 * @throws {CallError} INVALID_INPUT for what is too deep or not well-formed.
 */
export function replaceReferences(
  input: unknown,
  resolve: (reference: BatchReference) => unknown,
  depth = 0,
): unknown {
  if (typeof input !== "object" || input === null) return input;
  if (depth > MAX_BATCH_DEPTH) throw invalidReference(`Nested deeper than ${MAX_BATCH_DEPTH}`);
  if (Array.isArray(input)) return input.map((each) => replaceReferences(each, resolve, depth + 1));
  const entries: [string, unknown][] = Object.entries(input);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === "$ref") return resolve(parseReference(first[1]));
  if (entries.length === 1 && first?.[0] === "$literal") return first[1];
  return Object.fromEntries(
    entries.map(([key, each]) => [key, replaceReferences(each, resolve, depth + 1)]),
  );
}

/** `#/<id>/<key>/…`: a JSON Pointer (RFC 6901) in a fragment, its first step the item. */
function parseReference(text: unknown): BatchReference {
  if (typeof text !== "string" || !text.startsWith("#/")) {
    throw invalidReference('A reference is a string that begins with "#/"');
  }
  const [id = "", ...path] = text.slice(2).split("/").map(unescapeStep);
  if (id === "" || path.length > MAX_PATH_STEPS) {
    throw invalidReference(`Reference "${text.slice(0, 80)}" cannot be followed`);
  }
  return { id, path, text: text.slice(0, 256) };
}

function unescapeStep(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/**
 * Follows a reference into a result.
 *
 * @throws {CallError} INVALID_INPUT when nothing is there.
 */
export function follow(result: unknown, { path, text }: BatchReference): unknown {
  let value = result;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) {
      throw invalidReference(`Reference "${text}" leads nowhere`);
    }
    value = Reflect.get(value, key);
  }
  return value;
}

/** The error for a batch that cannot be run. */
export function invalidReference(message: string): CallError {
  return new CallError(CallCode.InvalidInput, message);
}
