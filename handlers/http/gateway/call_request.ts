import type { CallRequest } from "@alknet/operations";

import type { WebLimits } from "../door/limits.ts";
import type { Visit } from "../door/visit.ts";
import { invalidRequest } from "./request_body.ts";

/** The header by which a caller says how long it waits, in milliseconds. */
export const TIMEOUT_HEADER = "x-timeout-ms";

/** What a call needs beside its name and input. */
export interface CallRequestOptions {
  /** Ends the call. Default: when the client leaves. */
  readonly signal?: AbortSignal;
  /** Whether it ends by itself when its caller says nothing of time. Default: true. */
  readonly bounded?: boolean;
}

/**
 * The call that a request asks for.
 *
 * @throws {HttpProblem} 400 for a time that is none.
 */
export function callRequest(
  { request, requestId, identity }: Visit,
  limits: WebLimits,
  { signal = request.signal, bounded = true }: CallRequestOptions = {},
): CallRequest {
  const timeoutMs = timeoutOf(request.headers, limits) ??
    (bounded ? limits.defaultTimeoutMs : undefined);
  return {
    requestId,
    signal,
    origin: "wire",
    ...(identity ? { identity } : {}),
    ...(timeoutMs === undefined ? {} : { deadlineMs: Date.now() + timeoutMs }),
  };
}

function timeoutOf(headers: Headers, { maxTimeoutMs }: WebLimits): number | undefined {
  const text = headers.get(TIMEOUT_HEADER);
  if (text === null) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Math.min(Number(text), maxTimeoutMs);
  throw invalidRequest(`Header ${TIMEOUT_HEADER} must be a number of milliseconds`);
}
