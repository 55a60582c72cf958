import { CallCode } from "./call_error.ts";
import type { ErrorDefinition } from "./spec.ts";

/** Statuses of codes that every caller may meet (docs/operations.md). */
const STATUSES: ReadonlyMap<string, number> = new Map([
  [CallCode.InvalidInput, 422],
  [CallCode.InvalidOperationType, 400],
  [CallCode.Forbidden, 403],
  [CallCode.NotFound, 404],
  [CallCode.Aborted, 499],
  [CallCode.DependencyFailed, 424],
  [CallCode.Timeout, 504],
  [CallCode.Internal, 500],
  ["RESOURCE_EXHAUSTED", 429],
  ["UNAVAILABLE", 503],
]);

/** Codes that stand for what a foreign service answered over HTTP. */
const FOREIGN = /^HTTP_([45]\d\d)$/;

/** The status of what refuses a caller that did not say who it is. */
export const UNAUTHENTICATED_STATUS = 401;

/**
 * The status that a code has where a call is made over HTTP.
 *
 * @param errors What the operation declares; its statuses come first, if they are those of errors.
 *
 * @example
 * ```ts
 * import { httpStatusOf } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(httpStatusOf("NOT_FOUND", []), 404);
 * strictEqual(httpStatusOf("TAKEN", [{ code: "TAKEN", schema: true, httpStatus: 409 }]), 409);
 * ```
 */
export function httpStatusOf(code: string, errors: readonly ErrorDefinition[]): number {
  const declared = errors.find((each) => each.code === code)?.httpStatus;
  if (declared !== undefined && declared >= 400 && declared <= 599) return declared;
  return STATUSES.get(code) ?? Number(FOREIGN.exec(code)?.[1] ?? 500);
}
