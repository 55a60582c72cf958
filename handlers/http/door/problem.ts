import type { Blame } from "@alknet/core";

/** What a {@linkcode HttpProblem} carries beside status, code and message. */
export interface HttpProblemOptions {
  /** Whether the same request may succeed later. Default: false. */
  readonly retryable?: boolean;
  /** Whatever helps the caller. Default: none. */
  readonly details?: unknown;
  /** Headers of the response. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown to end a request with an error that is shown as it is (RFC 9457). */
export class HttpProblem extends Error {
  /** The class's name. */
  override readonly name = "HttpProblem";
  /** Who has to act. */
  readonly blame: Blame = "user";
  /** The HTTP status. */
  readonly status: number;
  /** What programs switch on. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Whatever helps the caller. */
  readonly details: unknown;
  /** Headers of the response. */
  readonly headers: Readonly<Record<string, string>>;

  /** Says what is wrong, in words that the caller may read. */
  constructor(status: number, code: string, message: string, options: HttpProblemOptions = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }

  /** The body: RFC 9457's members, and code, message, retryable and details of a call error. */
  toJSON(): Record<string, unknown> {
    const { status, code, message, retryable, details } = this;
    return {
      title: TITLES[status] ?? "Error",
      status,
      detail: message,
      code,
      message,
      retryable,
      ...(details === undefined ? {} : { details }),
    };
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  424: "Failed Dependency",
  429: "Too Many Requests",
  499: "Client Closed Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** The response that tells of a problem. */
export function problemResponse(problem: HttpProblem): Response {
  const headers = { "content-type": "application/problem+json", ...problem.headers };
  return new Response(JSON.stringify(problem) + "\n", { status: problem.status, headers });
}

/** 401 or 403 with the challenge of RFC 6750 section 3. */
export function unauthorized(
  status: 401 | 403,
  message: string,
  challenge: Readonly<Record<string, string>> = {},
): HttpProblem {
  const parameters = Object.entries({ realm: "node", ...challenge })
    .map(([name, value]) => `${name}="${value}"`);
  const headers = { "www-authenticate": `Bearer ${parameters.join(", ")}` };
  return new HttpProblem(status, "FORBIDDEN", message, { headers });
}

/** 429 with the time to wait. */
export function tooMany(message: string, waitMs: number): HttpProblem {
  const headers = { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))) };
  return new HttpProblem(429, "RESOURCE_EXHAUSTED", message, { retryable: true, headers });
}
