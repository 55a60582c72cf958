import { CallError, runBatch } from "@alknet/operations";
import type { BatchItem } from "@alknet/operations";

import type { WebLimits } from "../door/limits.ts";
import type { Visit } from "../door/visit.ts";
import { problemOf } from "./call_problem.ts";
import { callRequest, type CallRequestOptions, TIMEOUT_HEADER } from "./call_request.ts";
import { type OperationSource, specFor } from "./catalogue.ts";
import { sendableDetails } from "./output_text.ts";
import { invalidRequest } from "./request_body.ts";

/** An operation and what goes into it. */
export interface Wanted {
  /** The operation's name. */
  readonly operation: string;
  /** Its input. */
  readonly input: unknown;
}

/**
 * Calls a query or mutation for a visitor.
 *
 * @throws {HttpProblem} However it failed.
 */
export async function callFor(
  visit: Visit,
  { operation, input }: Wanted,
  { source, limits, ...options }:
    & { source: OperationSource; limits: WebLimits }
    & CallRequestOptions,
): Promise<unknown> {
  const request = callRequest(visit, limits, options);
  try {
    return await source.dispatcher.call(operation, input, request);
  } catch (error) {
    throw callFailure(error, visit, { source, operation });
  }
}

/** What a visitor is told of whatever a dispatcher threw. */
export function callFailure(
  error: unknown,
  { identity }: Visit,
  { source, operation }: { source: OperationSource; operation: string },
): unknown {
  if (!(error instanceof CallError)) return error;
  return problemOf(error, { identity, spec: specFor(source, operation, identity) });
}

/** One result of a batch, as it is shown. */
export type ShownResult =
  | { readonly id: string; readonly status: 200; readonly output: unknown }
  | { readonly id: string; readonly status: number; readonly error: unknown };

/**
 * Calls several operations for a visitor; see `runBatch`.
 *
 * @throws {HttpProblem} For a batch that cannot be run at all.
 */
export async function batchFor(
  visit: Visit,
  items: readonly BatchItem[],
  { source, limits }: { source: OperationSource; limits: WebLimits },
): Promise<ShownResult[]> {
  const request = callRequest(visit, limits);
  const { identity } = visit;
  try {
    const { maxBatchItems: maxItems } = limits;
    const results = await runBatch(source.dispatcher, items, request, { maxItems });
    return results.map((result, index): ShownResult => {
      const { id } = result;
      if (!("error" in result)) return { id, status: 200, output: result.output ?? null };
      const spec = specFor(source, items[index]?.operation ?? "", identity);
      const { status } = problemOf(result.error, { identity, spec });
      return { id, status, error: shownError(result.error) };
    });
  } catch (error) {
    if (error instanceof CallError) throw problemOf(error, { identity, spec: undefined });
    throw error;
  }
}

/** What of an error is for callers. */
export function shownError({ code, message, retryable, ...error }: CallError): unknown {
  const details = sendableDetails(error.details);
  return { code, message, retryable, ...(details === undefined ? {} : { details }) };
}

/** What the body of a call may have. */
const CALL_MEMBERS: readonly string[] = ["operation", "input"];
/** Most unknown members named, and most characters of each. */
const MAX_NAMED = 8;
const MAX_NAMED_CHARS = 64;

/**
 * Reads `{ "operation": name, "input": value }`; without an input, an empty object goes in.
 *
 * @param more Members that there may be beside those two.
 * @throws {HttpProblem} 400 for anything else: a member that nobody reads would be believed to count.
 */
export function wantedOf(value: unknown, more: readonly string[] = []): Wanted {
  if (!isRecord(value) || typeof value.operation !== "string") {
    throw invalidRequest('Write {"operation": "<name>", "input": <value>}');
  }
  refuseUnknown(value, [...CALL_MEMBERS, ...more]);
  return { operation: value.operation, input: Object.hasOwn(value, "input") ? value.input : {} };
}

function refuseUnknown(value: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(value).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const named = unknown.slice(0, MAX_NAMED).map((name) => quoted(name.slice(0, MAX_NAMED_CHARS)));
  throw invalidRequest(
    `Unknown members ${named.join(", ")}: there may be ${known.map(quoted).join(", ")}, and the ` +
      `header ${TIMEOUT_HEADER} for the time that a call may take`,
  );
}

function quoted(name: string): string {
  return `"${name}"`;
}

/**
 * Reads a list of calls; one without an id is called by its place.
 *
 * @throws {HttpProblem} 400 for anything else.
 */
export function batchOf(value: unknown): BatchItem[] {
  if (!Array.isArray(value)) {
    throw invalidRequest('Write [{"id": "<id>", "operation": "<name>", "input": <value>}, …]');
  }
  return value.map((each: unknown, index) => {
    const { operation, input } = wantedOf(each, ["id"]);
    const id = isRecord(each) ? each.id ?? String(index) : String(index);
    if (typeof id !== "string") throw invalidRequest("The id of a call must be a string");
    return { id, operation, input };
  });
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
