import {
  type BatchItem,
  type BatchResult,
  type CallRequest,
  type Dispatcher,
  runBatch,
} from "@alknet/operations";

import { CallCode, CallError } from "./call_error.ts";
import { MAX_ID_LENGTH } from "./envelope.ts";
import { failureOf } from "./failure.ts";
import { bareName, errorPayload, members, parseError } from "./payloads.ts";

/**
 * Composes the member `batch` of `call.requested`.
 *
 * @param calls What the peer is to call.
 */
export function batchPayload(calls: readonly BatchItem[]): unknown[] {
  return calls.map(({ id, operation, input }) => ({ id, operationId: `/${operation}`, input }));
}

/**
 * Reads the member `batch` of `call.requested`.
 *
 * @throws {CallError} INVALID_INPUT, before anything ran, for what is no batch, or a longer one.
 */
export function parseBatch(value: unknown, maxCalls: number): BatchItem[] {
  if (!Array.isArray(value) || value.length === 0) throw noBatch("is no list of calls");
  if (value.length > maxCalls) throw noBatch(`has more than ${maxCalls} calls`);
  return value.map(parseItem);
}

/** Runs a batch as the request that brought it; an error of one call is that call's alone. */
export async function answerBatch(
  dispatcher: Dispatcher,
  calls: readonly BatchItem[],
  request: CallRequest,
): Promise<{ readonly results: unknown[] }> {
  const { signal } = request;
  const contained: Dispatcher = {
    kindOf: (name) => dispatcher.kindOf(name),
    subscribe: (name, input, each) => dispatcher.subscribe(name, input, each),
    async call(name, input, each): Promise<unknown> {
      signal.throwIfAborted(); // what has not begun does not
      try {
        return await dispatcher.call(name, input, each);
      } catch (error) {
        throw failureOf(error, name);
      }
    },
  };
  const results = await runBatch(contained, calls, request, { maxItems: calls.length });
  return { results: results.map(resultPayload) };
}

/**
 * Reads what became of each call.
 *
 * @returns In the order of the calls.
 * @throws {CallError} INTERNAL for an answer that is none to these calls.
 */
export function parseResults(
  output: unknown,
  calls: readonly BatchItem[],
): PromiseSettledResult<unknown>[] {
  const { results } = members(output);
  if (!Array.isArray(results) || results.length !== calls.length) throw badAnswer();
  return calls.map(({ id }, index) => parseResult(id, members(results[index])));
}

function parseItem(value: unknown): BatchItem {
  const { id, operationId, input } = members(value);
  if (typeof id !== "string" || id === "" || id.length > MAX_ID_LENGTH) {
    throw noBatch("has a call without an id");
  }
  return { id, operation: bareName(operationId), input: input === undefined ? null : input };
}

function resultPayload(result: BatchResult): unknown {
  const { id } = result;
  if ("error" in result) return { id, error: errorPayload(result.error) };
  return { id, output: result.output === undefined ? null : result.output };
}

function parseResult(
  id: string,
  result: Record<string, unknown>,
): PromiseSettledResult<unknown> {
  if (result.id !== id) throw badAnswer();
  if (result.error === undefined) {
    return { status: "fulfilled", value: result.output === undefined ? null : result.output };
  }
  return { status: "rejected", reason: parseError(result.error) };
}

function noBatch(what: string): CallError {
  return new CallError(CallCode.InvalidInput, `Batch ${what}`);
}

function badAnswer(): CallError {
  return new CallError(CallCode.Internal, "Peer answered a batch with something else");
}
