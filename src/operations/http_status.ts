import { CallCode } from "./call_error.ts";
import type { ErrorDefinition } from "./spec.ts";

/** Statuses of codes that every caller may meet (docs/operations.md). */
const STATUSES: Readonly<Record<string, number>> = {
  [CallCode.InvalidInput]: 422,
  [CallCode.InvalidOperationType]: 405,
  [CallCode.Forbidden]: 403,
  [CallCode.NotFound]: 404,
  [CallCode.Aborted]: 499,
  [CallCode.DependencyFailed]: 424,
  [CallCode.Timeout]: 504,
  [CallCode.Internal]: 500,
};

/** The status of what refuses a caller that did not say who it is. */
export const UNAUTHENTICATED_STATUS = 401;

/**
 * The status that a code has where a call is made over HTTP.
 *
 * @param errors What the operation declares; its statuses come first.
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
  if (declared !== undefined) return declared;
  return Object.hasOwn(STATUSES, code) ? STATUSES[code] ?? 500 : 500;
}
