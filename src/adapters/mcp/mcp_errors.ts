import {
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { AdapterError, CallCode, CallError, type ErrorDefinition } from "@alknet/operations";

import { HttpCode } from "../http/http_errors.ts";

/** How operations of an MCP server fail. */
export const McpCode = {
  /** The tool ran and says that it failed; the details have what it says. */
  ToolFailed: "MCP_TOOL_FAILED",
  /** The server refused the request; the details have its code and words. */
  Refused: "MCP_REFUSED",
  /** The server does not accept the credential. */
  Unauthorized: "MCP_UNAUTHORIZED",
  /** No answer, or none that can be used. */
  Unreachable: "MCP_UNREACHABLE",
} as const;

/** The errors that every operation of an MCP server declares. */
export const MCP_ERRORS: readonly ErrorDefinition[] = [
  {
    code: McpCode.ToolFailed,
    description: "The tool says that it failed",
    schema: { type: "object", properties: { content: true }, required: ["content"] },
    httpStatus: 502,
  },
  {
    code: McpCode.Refused,
    description: "The server refused the request",
    schema: {
      type: "object",
      properties: { code: { type: "integer" }, message: { type: "string" } },
      required: ["code", "message"],
    },
    httpStatus: 502,
  },
  {
    code: McpCode.Unauthorized,
    description: "The server does not accept this node's credential",
    schema: true,
    httpStatus: 502,
  },
  {
    code: McpCode.Unreachable,
    description: "The server cannot be reached",
    schema: true,
    httpStatus: 502,
  },
];

/** Codes of `http/`, which operations of an MCP server do not declare. */
const HTTP_CODES: ReadonlySet<string> = new Set(Object.values(HttpCode));

const INVALID_PARAMS = -32602;

const MAX_MESSAGE_CHARACTERS = 2_000;

/** What callers are told of an error of the client library. */
export function callErrorOf(cause: unknown): CallError {
  if (cause instanceof CallError && !HTTP_CODES.has(cause.code)) return cause;
  const remote = { blame: "remote", cause } as const;
  if (isUnauthorized(cause)) {
    return new CallError(McpCode.Unauthorized, "The service refuses the credential", remote);
  }
  if (cause instanceof ProtocolError) {
    const message = cause.message.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed();
    const details = { code: cause.code, message };
    if (cause.code === INVALID_PARAMS) {
      const issues = [{ path: "", message }];
      return new CallError(CallCode.InvalidInput, "The service refuses the input", {
        details: { issues },
      });
    }
    return new CallError(McpCode.Refused, "The service refuses the request", {
      details,
      ...remote,
    });
  }
  if (cause instanceof SdkError && cause.code === SdkErrorCode.RequestTimeout) {
    return new CallError(CallCode.Timeout, "The service did not answer in time", { cause });
  }
  return new CallError(McpCode.Unreachable, "Cannot reach the service", {
    retryable: true,
    ...remote,
  });
}

/** What the program is told of an error at import. */
export function adapterErrorOf(cause: unknown, url: URL): AdapterError {
  if (cause instanceof AdapterError) return cause;
  const from = `Cannot import the MCP server at ${url.origin}`;
  if (isUnauthorized(cause)) {
    return new AdapterError("unauthorized", `${from}: the credential is refused`, { cause });
  }
  if (cause instanceof CallError && cause.code === CallCode.Internal) {
    return new AdapterError("unauthorized", `${from}: the credential cannot be sent`, { cause });
  }
  if (isTransport(cause)) {
    return new AdapterError("transport", `${from}: it cannot be reached`, { cause });
  }
  return new AdapterError("discovery-failed", `${from}: it does not answer as one`, { cause });
}

const TRANSPORT_CODES: ReadonlySet<SdkErrorCode> = new Set([
  SdkErrorCode.ConnectionClosed,
  SdkErrorCode.RequestTimeout,
  SdkErrorCode.SendFailed,
]);

/** What `fetch` throws where nobody answers is a TypeError; the library wraps it. */
function isTransport(error: unknown): boolean {
  if (error instanceof SdkError && TRANSPORT_CODES.has(error.code)) return true;
  if (error instanceof TypeError || error instanceof CallError) return true;
  return error instanceof Error && error.cause !== undefined && isTransport(error.cause);
}

/** Whether the server says that it does not know the session: then nothing has been done. */
export function isLostSession(error: unknown): boolean {
  return error instanceof SdkHttpError && error.status === 404;
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof UnauthorizedError ||
    (error instanceof SdkHttpError && (error.status === 401 || error.status === 403));
}
