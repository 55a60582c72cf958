import { DEFAULT_VALUE_LIMITS, excess } from "@alknet/operations";

import { badResponse } from "./http_errors.ts";

/** What a service may answer: as deep as what a node takes, and larger. */
const LIMITS = { ...DEFAULT_VALUE_LIMITS, maxNodes: 1_000_000 };

/**
 * Refuses a value that a service made so deep or so large that passing it on would fail.
 *
 * @throws {CallError} HTTP_BAD_RESPONSE.
 */
export function boundedValue<Value>(value: Value): Value {
  const problem = excess(value, { limits: LIMITS, matched: false });
  if (problem === undefined) return value;
  throw badResponse(problem.toLowerCase());
}

/** JSON as its value; undefined for what is no JSON. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // the caller knows what that means
  }
}
