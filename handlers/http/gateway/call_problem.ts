import type { Identity } from "@alknet/core";
import { CallCode, type CallError, type OperationSpec } from "@alknet/operations";

import { HttpProblem, unauthorized } from "../door/problem.ts";

/** What a status depends on beside the error. */
export interface CallProblemContext {
  /** Who asked. */
  readonly identity: Identity | undefined;
  /** What was called, where the caller may know of it. */
  readonly spec: OperationSpec | undefined;
}

/** Codes that no operation has to declare, and what they are in HTTP. */
const STATUS: ReadonlyMap<string, number> = new Map([
  [CallCode.NotFound, 404],
  [CallCode.InvalidInput, 422],
  [CallCode.InvalidOperationType, 400],
  [CallCode.Timeout, 504],
  [CallCode.Aborted, 499],
  [CallCode.DependencyFailed, 424],
  [CallCode.Internal, 500],
  ["RESOURCE_EXHAUSTED", 429],
  ["UNAVAILABLE", 503],
]);

/** Codes that adapters give to errors of foreign HTTP services. */
const FOREIGN = /^HTTP_([45]\d\d)$/;

/** The HTTP status of a failed call: declared, or of the table, or 500. */
export function statusOf(
  { code }: Pick<CallError, "code">,
  { identity, spec }: CallProblemContext,
): number {
  if (code === CallCode.Forbidden) return identity ? 403 : 401;
  const declared = spec?.errorSchemas.find((each) => each.code === code)?.httpStatus;
  if (declared !== undefined && declared >= 400 && declared <= 599) return declared;
  const foreign = FOREIGN.exec(code)?.[1];
  return STATUS.get(code) ?? (foreign === undefined ? 500 : Number(foreign));
}

/** What a caller is told of a failed call. */
export function problemOf(error: CallError, context: CallProblemContext): HttpProblem {
  const { code, message, retryable, details } = error;
  const status = statusOf(error, context);
  const headers = status === 401
    ? unauthorized(401, message).headers
    : retryHeaders(status, retryable, details);
  return new HttpProblem(status, code, message, { retryable, details, headers });
}

function retryHeaders(
  status: number,
  retryable: boolean,
  details: unknown,
): Readonly<Record<string, string>> {
  if (status !== 429 && !(status === 503 && retryable)) return {};
  return { "retry-after": String(retrySeconds(details)) };
}

/** As the operation says, within a day; else one second. */
function retrySeconds(details: unknown): number {
  const seconds: unknown = typeof details === "object" && details !== null
    ? Reflect.get(details, "retryAfterSeconds")
    : undefined;
  if (typeof seconds !== "number" || !(seconds > 0)) return 1;
  return Math.min(86_400, Math.ceil(seconds));
}
