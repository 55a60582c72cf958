import { getLogger } from "@logtape/logtape";

import { CallCode, CallError } from "./call_error.ts";
import type { CallRequest } from "./context.ts";
import type { Operation } from "./operation.ts";

const log = getLogger(["alknet", "operations"]);

const PROTOCOL: ReadonlySet<string> = new Set(Object.values(CallCode));

/** Which call failed. */
export interface FailedCall {
  /** What was called. */
  readonly operation: Operation;
  /** The call. */
  readonly request: CallRequest;
}

/**
 * What the caller is told of whatever a handler threw: declared errors with details that fit, and
 * else INTERNAL with an id to look for in the log.
 */
export async function failureOf(error: unknown, call: FailedCall): Promise<CallError> {
  if (!(error instanceof CallError)) return internal(error, call);
  const { operation } = call;
  if (operation.forwardsErrors) return passedOn(error);
  const declared = operation.errors.get(error.code);
  if (!declared) {
    return operation.imported && PROTOCOL.has(error.code) ? passedOn(error) : internal(error, call);
  }
  if (error.details === undefined) return passedOn(error);
  const { ok } = await declared.check(error.details);
  return ok ? passedOn(error) : internal(error, call);
}

/** The same for callers, without what stays in this process. */
function passedOn({ code, message, details, retryable, blame }: CallError): CallError {
  return new CallError(code, message, { details, retryable, blame });
}

/** Logs an error and makes what stands for it outside. */
export function internal(error: unknown, { operation, request }: FailedCall): CallError {
  const correlationId = crypto.randomUUID();
  log.error("operation.failed", {
    operation: operation.spec.name,
    requestId: request.requestId,
    correlationId,
    error,
  });
  return new CallError(CallCode.Internal, "Internal error", { details: { correlationId } });
}

/** Notes what went wrong while a subscription was being stopped: nobody waits for it any more. */
export function noteStopFailure(error: unknown, { operation, request }: FailedCall): void {
  const { requestId } = request;
  log.debug("subscription.stop-failed", { operation: operation.spec.name, requestId, error });
}
