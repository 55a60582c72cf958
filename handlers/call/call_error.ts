import { CallCode as OperationCode, CallError } from "@alknet/operations";

export { CallError, type CallErrorOptions } from "@alknet/operations";

/** Codes of operations, and those of the protocol itself. */
export const CallCode = {
  ...OperationCode,
  /** A request used the id of one that was still running. */
  DuplicateId: "DUPLICATE_ID",
  /** Bytes that are no frame; ends the stream they came on. */
  ProtocolError: "PROTOCOL_ERROR",
} as const;

/** The connection, or the node behind it, is gone. */
export function unavailable(message: string, cause?: unknown): CallError {
  return new CallError(CallCode.Unavailable, message, { retryable: true, cause });
}

/** The caller took the request back. */
export function aborted(cause?: unknown): CallError {
  return new CallError(CallCode.Aborted, "Request was aborted", { cause });
}

/** A limit was reached. */
export function exhausted(message: string): CallError {
  return new CallError(CallCode.ResourceExhausted, message, { retryable: true });
}

/** The deadline passed. */
export function timedOut(timeoutMs: number): CallError {
  const message = `Request timed out after ${Math.round(timeoutMs)} ms`;
  return new CallError(CallCode.Timeout, message, { retryable: true });
}
