import type { ToolCall } from "./mcp_tool.ts";

/** How much of a subscription one call of a tool brings. */
export interface TakeOptions {
  /** Most items. */
  readonly maxItems: number;
  /** Longest time. */
  readonly maxMs: number;
}

/** Characters of an item in a message about progress. */
const MAX_MESSAGE_CHARS = 1_000;

/**
 * Calls a query or mutation, or takes items of a subscription until it ends, there are enough, or
 * the time is over. Each item is told as progress as it comes.
 *
 * @throws {CallError} Whatever went wrong.
 */
export async function callOperation(
  { operation, input }: { readonly operation: string; readonly input: unknown },
  call: ToolCall,
  options: TakeOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const { backend, signal } = call;
  const { type } = await backend.schema(operation, signal);
  if (type !== "subscription") {
    const output = await backend.dispatcher.call(operation, input, backend.request(signal));
    return { output: output ?? null };
  }
  return await take(operation, input, call, options);
}

async function take(
  operation: string,
  input: unknown,
  { backend, signal, progress }: ToolCall,
  { maxItems, maxMs }: TakeOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const time = new AbortController();
  const timer = setTimeout(() => time.abort(), maxMs);
  const request = backend.request(AbortSignal.any([signal, time.signal]));
  const items: unknown[] = [];
  try {
    for await (const item of backend.dispatcher.subscribe(operation, input, request)) {
      items.push(item);
      await progress(items.length, (JSON.stringify(item) ?? "").slice(0, MAX_MESSAGE_CHARS));
      if (items.length >= maxItems) return { items, completed: false };
    }
    return { items, completed: true };
  } catch (error) {
    if (time.signal.aborted && !signal.aborted) return { items, completed: false };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
