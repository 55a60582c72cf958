import { CallError, type ErrorDefinition } from "@alknet/operations";

/** How operations over HTTP fail beside the statuses that they declare. */
export const HttpCode = {
  /** A status that the service did not declare, or with a body that does not fit. */
  Error: "HTTP_ERROR",
  /** No answer: refused, reset, not found by name, not trusted. */
  Unreachable: "HTTP_UNREACHABLE",
  /** An answer that cannot be used: too large, not what it says it is, a redirect elsewhere. */
  BadResponse: "HTTP_BAD_RESPONSE",
} as const;

/** The errors that every operation over HTTP declares. */
export const HTTP_ERRORS: readonly ErrorDefinition[] = [
  {
    code: HttpCode.Error,
    description: "The service answered with a status that says no",
    schema: {
      type: "object",
      properties: { status: { type: "integer" }, body: true },
      required: ["status"],
    },
    httpStatus: 502,
  },
  {
    code: HttpCode.Unreachable,
    description: "The service cannot be reached",
    schema: true,
    httpStatus: 502,
  },
  {
    code: HttpCode.BadResponse,
    description: "The service's answer cannot be used",
    schema: true,
    httpStatus: 502,
  },
];

/** The error for an answer that cannot be used. */
export function badResponse(why: string): CallError {
  return new CallError(HttpCode.BadResponse, `Cannot use the service's answer: ${why}`, {
    blame: "remote",
  });
}

/** The error for a service that does not answer. */
export function unreachable(cause: unknown): CallError {
  const options = { retryable: true, blame: "remote", cause } as const;
  return new CallError(HttpCode.Unreachable, "Cannot reach the service", options);
}
