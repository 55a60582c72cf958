import { getLogger } from "@logtape/logtape";

import { CallCode, CallError } from "./call_error.ts";
import { CallWireError } from "./envelope.ts";

const log = getLogger(["alknet", "call"]);

/** What the caller is to see of an error: nothing of the inside. */
export function failureOf(error: unknown, operation: string): CallError {
  if (error instanceof CallError) return error;
  if (error instanceof CallWireError) {
    log.warn("call.output-unsendable", { operation, error });
    return new CallError(CallCode.Internal, "Output cannot be sent");
  }
  const correlationId = crypto.randomUUID();
  log.warn("call.failed", { operation, correlationId, error });
  return new CallError(CallCode.Internal, "Operation failed", { details: { correlationId } });
}
