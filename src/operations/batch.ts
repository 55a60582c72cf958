import {
  type BatchReference,
  follow,
  invalidReference,
  referencesIn,
  replaceReferences,
} from "./batch_references.ts";
import { CallCode, CallError } from "./call_error.ts";
import type { CallRequest, Dispatcher } from "./context.ts";

/** One call of a batch. */
export interface BatchItem {
  /** Names it within the batch. */
  readonly id: string;
  /** What to call. */
  readonly operation: string;
  /** What with; `{"$ref": "#/<id>/path"}` in it stands for a part of an earlier result. */
  readonly input?: unknown;
}

/** What became of one call. */
export type BatchResult =
  | { readonly id: string; readonly output: unknown }
  | { readonly id: string; readonly error: CallError };

/** Settings of {@linkcode runBatch}. */
export interface BatchOptions {
  /** Most calls of a batch. Default: 64. */
  readonly maxItems?: number;
  /** Most calls in a chain of references. Default: 16. */
  readonly maxChain?: number;
}

/**
 * Calls several operations; one may use the results of those before it, so that three dependent
 * calls cost one round trip. Calls that do not depend on each other run at once. Each is admitted on
 * its own, with the identity of the batch and the input it then has.
 *
 * @returns What became of each, in the order of the items. The one whose dependency failed has
 *   DEPENDENCY_FAILED.
 * @throws {CallError} INVALID_INPUT, before anything ran, for a batch that is too long, names an id
 *   twice, or refers to an id that is not before.
 *
 * @example
 * ```ts
 * import { ANYONE, operation, OperationRegistry, runBatch } from "@alknet/operations";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const registry = new OperationRegistry();
 * const input = { type: "number" } as const;
 * registry.register([
 *   operation({ name: "one", access: ANYONE, handler: () => ({ value: 1 }) }),
 *   operation({ name: "double", input, access: ANYONE, handler: (value) => value * 2 }),
 * ]);
 * const { signal } = new AbortController();
 * const results = await runBatch(registry, [
 *   { id: "a", operation: "one" },
 *   { id: "b", operation: "double", input: { $ref: "#/a/value" } },
 * ], { requestId: "batch", signal, origin: "wire" });
 * deepStrictEqual(results[1], { id: "b", output: 2 });
 * ```
 */
export async function runBatch(
  dispatcher: Dispatcher,
  items: readonly BatchItem[],
  request: CallRequest,
  options: BatchOptions = {},
): Promise<BatchResult[]> {
  checkBatch(items, options);
  const results = new Map<string, Promise<BatchResult>>();
  for (const item of items) {
    results.set(item.id, runItem(item, { dispatcher, request, results }));
  }
  return await Promise.all(results.values());
}

function checkBatch(items: readonly BatchItem[], options: BatchOptions): void {
  const { maxItems = 64, maxChain = 16 } = options;
  if (items.length > maxItems) throw invalidReference(`More than ${maxItems} calls in a batch`);
  const chains = new Map<string, number>();
  for (const { id, input } of items) {
    if (chains.has(id)) throw invalidReference(`Id "${id.slice(0, 80)}" stands for two calls`);
    let chain = 1;
    for (const reference of referencesIn(input)) {
      const before = chains.get(reference.id);
      if (before === undefined) {
        throw invalidReference(`Reference "${reference.text}" is to no earlier call`);
      }
      chain = Math.max(chain, before + 1);
    }
    if (chain > maxChain) throw invalidReference(`More than ${maxChain} calls in a chain`);
    chains.set(id, chain);
  }
}

interface Batch {
  readonly dispatcher: Dispatcher;
  readonly request: CallRequest;
  /** Of the items before. */
  readonly results: ReadonlyMap<string, Promise<BatchResult>>;
}

async function runItem(item: BatchItem, batch: Batch): Promise<BatchResult> {
  const { id, operation } = item;
  try {
    const input = await resolvedInput(item, batch.results);
    const { requestId: parentId } = batch.request;
    const request = { ...batch.request, requestId: crypto.randomUUID(), parentId };
    return { id, output: await batch.dispatcher.call(operation, input, request) };
  } catch (error) {
    if (error instanceof CallError) return { id, error };
    throw error;
  }
}

async function resolvedInput(
  { input }: BatchItem,
  results: ReadonlyMap<string, Promise<BatchResult>>,
): Promise<unknown> {
  const references = referencesIn(input);
  if (references.length === 0) return replaceReferences(input, () => undefined);
  const outputs = new Map<string, unknown>();
  for (const reference of references) {
    outputs.set(reference.id, await outputOf(reference, results));
  }
  return replaceReferences(input, (each) => follow(outputs.get(each.id), each));
}

async function outputOf(
  { id }: BatchReference,
  results: ReadonlyMap<string, Promise<BatchResult>>,
): Promise<unknown> {
  const result = await results.get(id);
  if (result && "output" in result) return result.output;
  throw new CallError(CallCode.DependencyFailed, `Call "${id.slice(0, 80)}" failed`, {
    details: { id, code: result?.error.code },
    retryable: result?.error.retryable ?? false,
  });
}
