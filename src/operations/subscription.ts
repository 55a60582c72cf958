import { admit } from "./admission.ts";
import { checkedInput, checkedOutput } from "./call_once.ts";
import { handlerContext } from "./composition.ts";
import type { Call, DispatchOptions } from "./dispatch.ts";
import { type FailedCall, failureOf, noteStopFailure } from "./failure.ts";
import { checkHops } from "./hops.ts";
import type { Registration } from "./registration.ts";
import { Run } from "./run.ts";

/**
 * Subscribes: the same order as a call. Nothing happens before the first `next()`; then each asks
 * the handler for one item. A `return()`, or the end of the call in any way, stops the handler.
 *
 * @throws {CallError} Whatever went wrong, from `next()`.
 */
export async function* subscribeTo(call: Call, options: DispatchOptions): AsyncGenerator<unknown> {
  const { ownership } = options;
  checkHops(call.request, options);
  const found = admit(options.find(call.name), { ...call, kind: "stream", ownership });
  const input = await checkedInput(found, call, options);
  using run = new Run(call.request, call.place);
  run.throwIfOver();
  const failed: FailedCall = { operation: found.operation, request: call.request };
  try {
    const items = start(found, input, { call, run, options });
    // The consumer may not come back for a next item: the handler stops all the same.
    run.signal.addEventListener("abort", () => stop(items, failed));
    while (true) {
      const item = await run.settle(items.next());
      if (item.done) return;
      yield await checkedOutput(found, item.value, options);
      run.throwIfOver();
    }
  } catch (error) {
    run.throwIfEnded();
    throw await failureOf(error, failed);
  }
}

function start(
  { operation, ...grants }: Registration,
  input: unknown,
  running: { call: Call; run: Run; options: DispatchOptions },
): AsyncIterator<unknown> {
  const { handler } = operation;
  if (handler.kind !== "stream") throw new TypeError("Handler does not stream");
  return handler.run(input, handlerContext(grants, running))[Symbol.asyncIterator]();
}

/** A generator that waits for something else stops once that is over; nobody waits for it here. */
function stop(items: AsyncIterator<unknown>, failed: FailedCall): void {
  try {
    items.return?.()?.then(undefined, (error) => noteStopFailure(error, failed));
  } catch (error) {
    noteStopFailure(error, failed);
  }
}
