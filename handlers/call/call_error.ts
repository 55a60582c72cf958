/** Codes the protocol itself uses; operations declare further ones of their own. */
export const CallCode = {
  /** No such operation, or none this caller may know of. */
  NotFound: "NOT_FOUND",
  /** The caller may not, or its token is not accepted. */
  Forbidden: "FORBIDDEN",
  /** The input does not fit the operation. */
  InvalidInput: "INVALID_INPUT",
  /** A subscription was called, or something else subscribed to. */
  InvalidOperationType: "INVALID_OPERATION_TYPE",
  /** The deadline passed. */
  Timeout: "TIMEOUT",
  /** Something failed inside. */
  Internal: "INTERNAL",
  /** The request was taken back. */
  Aborted: "ABORTED",
  /** The connection or the node went away. */
  Unavailable: "UNAVAILABLE",
  /** A limit of the peer was reached. */
  ResourceExhausted: "RESOURCE_EXHAUSTED",
  /** A request used the id of one that was still running. */
  DuplicateId: "DUPLICATE_ID",
  /** Bytes that are no frame; ends the stream they came on. */
  ProtocolError: "PROTOCOL_ERROR",
} as const;

/** What a {@linkcode CallError} can be told beside code and message. */
export interface CallErrorOptions extends ErrorOptions {
  /** What goes with the code, any JSON. Default: nothing. */
  readonly details?: unknown;
  /** Whether the same request may succeed later. Default: false. */
  readonly retryable?: boolean;
  /** Who has to act. Default: `"remote"`. */
  readonly blame?: "local" | "remote" | "user";
}

/**
 * How a request fails, on either side of the wire: all but `blame` and `cause` crosses it.
 *
 * @example
 * ```ts
 * import { CallCode, CallError } from "@alknet/call";
 * import { strictEqual } from "node:assert/strict";
 *
 * const error = new CallError(CallCode.Timeout, "No answer in time", { retryable: true });
 * strictEqual(`${error.code} ${error.retryable}`, "TIMEOUT true");
 * ```
 */
export class CallError extends Error {
  /** The class's name. */
  override readonly name = "CallError";
  /** One of {@linkcode CallCode}, or a code the operation declares. */
  readonly code: string;
  /** What goes with the code. */
  readonly details?: unknown;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Who has to act. */
  readonly blame: "local" | "remote" | "user";

  /** Takes the code, and a message the peer may see. */
  constructor(code: string, message: string, options: CallErrorOptions = {}) {
    super(message, options);
    const { details, retryable = false, blame = "remote" } = options;
    this.code = code;
    this.details = details;
    this.retryable = retryable;
    this.blame = blame;
  }
}

/** What every error of an operation has, whichever package's class it is. */
export type CallFailure = Pick<CallError, "code" | "message" | "details" | "retryable">;

/** Whether a thrown value was made to be seen by callers; packages cannot share the class. */
export function isCallFailure(error: unknown): error is Error & CallFailure {
  return error instanceof Error && "code" in error && typeof error.code === "string" &&
    "retryable" in error && typeof error.retryable === "boolean";
}

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
