import { CallCode, type CallError } from "@alknet/call";
import { CliError, ExitCode } from "../errors.ts";
import { printable } from "../terminal.ts";

const EXIT_CODES: ReadonlyMap<string, ExitCode> = new Map<string, ExitCode>([
  [CallCode.InvalidInput, ExitCode.Usage],
  [CallCode.InvalidOperationType, ExitCode.Usage],
  [CallCode.Forbidden, ExitCode.Refused],
  [CallCode.NotFound, ExitCode.NotFound],
  [CallCode.Timeout, ExitCode.TimedOut],
  [CallCode.Unavailable, ExitCode.Unreachable],
  [CallCode.ResourceExhausted, ExitCode.Unreachable],
  [CallCode.Internal, ExitCode.PeerFailed],
  [CallCode.ProtocolError, ExitCode.PeerFailed],
  [CallCode.DuplicateId, ExitCode.PeerFailed],
  [CallCode.DependencyFailed, ExitCode.PeerFailed],
  [CallCode.Aborted, ExitCode.PeerFailed],
]);

/** What the program ends with when a call fails; codes of operations themselves are all one. */
export function exitCodeOfCall({ code }: Pick<CallError, "code">): ExitCode {
  return EXIT_CODES.get(code) ?? ExitCode.Declared;
}

/**
 * A failed call for the person at the keyboard: its code and message, and a line for each issue of
 * the input.
 *
 * @param hint A line that helps, at the end. Default: none.
 */
export function callFailure(error: CallError, hint?: string): CliError {
  const { code, message, details, retryable } = error;
  const lines = [
    `${code}: ${message}`,
    ...issuesOf(details),
    ...correlationOf(details),
    ...hint === undefined ? [] : [hint],
  ];
  return new CliError(lines.map(printable).join("\n"), exitCodeOfCall(error), {
    cause: error,
    details: { code, message, details, retryable },
  });
}

function issuesOf(details: unknown): string[] {
  const issues = memberOf(details, "issues");
  if (!Array.isArray(issues)) return [];
  return issues.map((issue) => {
    const path = memberOf(issue, "path") || "the input";
    return `  ${path}  ${memberOf(issue, "message") ?? ""}`;
  });
}

function correlationOf(details: unknown): string[] {
  const id = memberOf(details, "correlationId");
  return typeof id === "string" ? [`  in the log of that node: ${id}`] : [];
}

function memberOf(value: unknown, key: string): unknown {
  const has = typeof value === "object" && value !== null && Object.hasOwn(value, key);
  return has ? (value as Record<string, unknown>)[key] : undefined;
}
