import type { Identity } from "@alknet/core";
import {
  CallCode,
  type CallError,
  httpStatusOf,
  type OperationSpec,
  UNAUTHENTICATED_STATUS,
} from "@alknet/operations";

import { HttpProblem, unauthorized } from "../door/problem.ts";
import { sendableDetails } from "./output_text.ts";

/** What a status depends on beside the error. */
export interface CallProblemContext {
  /** Who asked. */
  readonly identity: Identity | undefined;
  /** What was called, where the caller may know of it. */
  readonly spec: OperationSpec | undefined;
}

/** The HTTP status of a failed call. */
export function statusOf(
  { code }: Pick<CallError, "code">,
  { identity, spec }: CallProblemContext,
): number {
  if (code === CallCode.Forbidden && !identity) return UNAUTHENTICATED_STATUS;
  return httpStatusOf(code, spec?.errorSchemas ?? []);
}

/** What a caller is told of a failed call. */
export function problemOf(error: CallError, context: CallProblemContext): HttpProblem {
  const { code, message, retryable } = error;
  const details = sendableDetails(error.details);
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
