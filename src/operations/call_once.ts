import { accepted, admit } from "./admission.ts";
import type { Call, DispatchOptions } from "./dispatch.ts";
import { handlerContext } from "./composition.ts";
import { SchemaError } from "./errors.ts";
import { failureOf, internal } from "./failure.ts";
import { checkHops } from "./hops.ts";
import type { Registration } from "./registration.ts";
import { Run } from "./run.ts";

/**
 * Calls a query or mutation: exists, visibility, access, type, input, deadline, handler.
 *
 * @throws {CallError} Whatever went wrong.
 */
export async function callOnce(call: Call, options: DispatchOptions): Promise<unknown> {
  const { ownership } = options;
  checkHops(call.request, options);
  const found = admit(options.find(call.name), { ...call, kind: "once", ownership });
  const input = await checkedInput(found, call, options);
  using run = new Run(call.request, call.place);
  run.throwIfOver();
  try {
    const output = await run.settle(runHandler(found, input, { call, run, options }));
    return await checkedOutput(found, output, options);
  } catch (error) {
    run.throwIfEnded();
    throw await failureOf(error, { operation: found.operation, request: call.request });
  }
}

/** Async, so that a handler that throws at once fails like any other. */
// deno-lint-ignore require-await
async function runHandler(
  { operation, ...grants }: Registration,
  input: unknown,
  { call, run, options }: { call: Call; run: Run; options: DispatchOptions },
): Promise<unknown> {
  return operation.handler.run(input, handlerContext(grants, { call, run, options }));
}

/**
 * Checks what goes in. A library's own check may wait for something: the deadline holds for it too.
 *
 * @throws {CallError} INVALID_INPUT; INTERNAL when the check itself fails.
 */
export async function checkedInput(
  { operation }: Registration,
  { input, request, place }: Call,
  { limits }: DispatchOptions,
): Promise<unknown> {
  let verdict;
  try {
    verdict = operation.input.check(input, limits);
  } catch (error) {
    throw internal(error, { operation, request });
  }
  if (!(verdict instanceof Promise)) return accepted(verdict);
  using run = new Run(request, place);
  try {
    verdict = await run.settle(verdict);
  } catch (error) {
    if (run.signal.aborted) throw run.signal.reason;
    throw internal(error, { operation, request });
  }
  return accepted(verdict);
}

/**
 * Checks what comes out, where that was asked for.
 *
 * @throws {SchemaError} When it does not fit: the fault of the operation, not of its caller.
 */
export async function checkedOutput(
  { operation }: Registration,
  output: unknown,
  { validateOutput, limits }: DispatchOptions,
): Promise<unknown> {
  if (!validateOutput) return output;
  const verdict = await operation.output.check(output, limits);
  if (verdict.ok) return output;
  const issues = verdict.issues.map(({ path, message }) => `"${path}" ${message}`).join(", ");
  throw new SchemaError(`Output of "${operation.spec.name}" does not fit its schema: ${issues}`);
}
