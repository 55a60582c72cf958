import type { OperationContext, OperationHandler, SchemaCheck } from "@alknet/operations";

import { buildRequest, type RequestTemplate } from "./build_request.ts";
import { eventsOf } from "./event_stream.ts";
import { exchange, type Fetch } from "./exchange.ts";
import { badResponse } from "./http_errors.ts";
import { Patience } from "./patience.ts";
import { type AnswerOptions, failureOf, readAnswer } from "./read_answer.ts";
import { essenceOf } from "./request_body.ts";

/** How requests are sent. */
export interface HttpOptions {
  /** Sends requests. Default: `fetch`. */
  readonly fetch?: Fetch | undefined;
  /**
   * Milliseconds for an answer; of a stream, for its beginning. A call's own deadline ends it
   * earlier. Default: 30,000.
   */
  readonly timeoutMs?: number | undefined;
  /** Most bytes of an answer; of a stream, of one event. Default: 8 MiB. */
  readonly maxResponseBytes?: number | undefined;
}

/** What {@linkcode httpHandler} makes a handler of. */
export interface HttpHandlerOptions extends HttpOptions {
  /** The requests. */
  readonly template: RequestTemplate;
  /** Checks of the bodies of declared errors, by code. */
  readonly errors: ReadonlyMap<string, SchemaCheck>;
  /** Whether answers are streams of server-sent events, and whether their data stays text. */
  readonly stream?: "json" | "text" | undefined;
}

/** Milliseconds for an answer. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Most bytes of an answer. */
export const DEFAULT_MAX_RESPONSE_BYTES = 8_388_608;

/** A handler that sends a request for each call. */
export function httpHandler(options: HttpHandlerOptions): OperationHandler {
  if (options.stream === undefined) {
    return { kind: "once", run: (input, context) => requestOnce(options, input, context) };
  }
  return { kind: "stream", run: (input, context) => requestEvents(options, input, context) };
}

async function requestOnce(
  options: HttpHandlerOptions,
  input: unknown,
  context: OperationContext,
): Promise<unknown> {
  const request = buildRequest(options.template, input, context.capabilities);
  using patience = patienceOf(options, context);
  const response = await exchange({ ...request, signal: patience.signal }, options.fetch);
  return await readAnswer(response, answerOptions(options, patience));
}

async function* requestEvents(
  options: HttpHandlerOptions,
  input: unknown,
  context: OperationContext,
): AsyncGenerator<unknown> {
  const request = buildRequest(options.template, input, context.capabilities);
  using patience = patienceOf(options, context);
  const answer = answerOptions(options, patience);
  const response = await exchange({ ...request, signal: patience.signal }, options.fetch);
  if (!response.ok) throw await failureOf(response, answer);
  if (essenceOf(response.headers.get("content-type") ?? "") !== "text/event-stream") {
    await response.body?.cancel();
    throw badResponse("it is no event stream");
  }
  patience.stopClock();
  yield* eventsOf(response, { ...answer, plain: options.stream === "text" });
}

function answerOptions(
  { errors, maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES }: HttpHandlerOptions,
  { signal }: Patience,
): AnswerOptions {
  return { errors, maxBytes: maxResponseBytes, signal };
}

function patienceOf({ timeoutMs }: HttpHandlerOptions, { signal }: OperationContext): Patience {
  return new Patience(signal, timeoutMs ?? DEFAULT_TIMEOUT_MS);
}
