import type { Blame } from "@alknet/core";

/** Codes that every caller may meet, whatever the operation declares. */
export const CallCode = {
  /** No such operation, or none that this caller may know of. */
  NotFound: "NOT_FOUND",
  /** The caller may not do this. */
  Forbidden: "FORBIDDEN",
  /** The input does not fit the operation. */
  InvalidInput: "INVALID_INPUT",
  /** A subscription was called, or something else subscribed to. */
  InvalidOperationType: "INVALID_OPERATION_TYPE",
  /** The deadline passed; may be tried again. */
  Timeout: "TIMEOUT",
  /** The caller, or what it depended on, gave up. */
  Aborted: "ABORTED",
  /** An earlier call of the batch, whose result this one needs, failed. */
  DependencyFailed: "DEPENDENCY_FAILED",
  /** The node that would answer went away; may be tried again, but it may have run. */
  Unavailable: "UNAVAILABLE",
  /** A limit was reached; may be tried again. */
  ResourceExhausted: "RESOURCE_EXHAUSTED",
  /** The request has passed this node before, or too many nodes. */
  LoopDetected: "LOOP_DETECTED",
  /** Anything else; the details have a correlation id and nothing more. */
  Internal: "INTERNAL",
} as const;

/** What a {@linkcode CallError} carries beside code and message. */
export interface CallErrorOptions {
  /** Fits the schema declared for the code. Default: none. */
  readonly details?: unknown;
  /** Whether the same call may succeed later. Default: for TIMEOUT only. */
  readonly retryable?: boolean;
  /** Who has to act. Default: the user, but this program for INTERNAL and TIMEOUT. */
  readonly blame?: Blame;
  /** What led to it; stays in this process. */
  readonly cause?: unknown;
}

/**
 * How a call fails. Everything in it but the cause may be shown to the caller.
 *
 * @example
 * ```ts
 * import { CallError } from "@alknet/operations";
 * import { strictEqual } from "node:assert/strict";
 *
 * const error = new CallError("FILE_NOT_FOUND", "No such file", { details: { path: "/a" } });
 * strictEqual(error.retryable, false);
 * ```
 */
export class CallError extends Error {
  /** The class's name. */
  override readonly name = "CallError";
  /** What callers switch on: one of {@linkcode CallCode} or declared by the operation. */
  readonly code: string;
  /** Fits the schema that the operation declares for the code. */
  readonly details?: unknown;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Who has to act. */
  readonly blame: Blame;

  /** Says what failed, in words that the caller may read. */
  constructor(code: string, message: string, options: CallErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.details !== undefined) this.details = options.details;
    this.retryable = options.retryable ?? code === CallCode.Timeout;
    this.blame = options.blame ?? (OURS.has(code) ? "local" : "user");
  }
}

const OURS: ReadonlySet<string> = new Set([CallCode.Internal, CallCode.Timeout]);

/** The answer for what is not there and for what the caller may not know of: the very same. */
export function notFound(name: string): CallError {
  return new CallError(CallCode.NotFound, `Operation not found: ${name.slice(0, 256)}`);
}

/** The answer once the caller gave up. */
export function aborted(): CallError {
  return new CallError(CallCode.Aborted, "Call aborted");
}
