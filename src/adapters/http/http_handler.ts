import type { OperationContext, OperationHandler, SchemaCheck } from "@alknet/operations";

import { buildRequest, type BuiltRequest, type RequestTemplate } from "./build_request.ts";
import { eventsOf } from "./event_stream.ts";
import { exchange, type Fetch } from "./exchange.ts";
import { badResponse } from "./http_errors.ts";
import { Patience } from "./patience.ts";
import { failureOf, readAnswer } from "./read_answer.ts";
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
  const { errors, maxResponseBytes: maxBytes = DEFAULT_MAX_RESPONSE_BYTES } = options;
  using patience = patienceOf(options, context);
  const { signal } = patience;
  const response = await exchange({ ...request, signal }, options.fetch);
  return await readAnswer(response, { errors, maxBytes, signal });
}

async function* requestEvents(
  options: HttpHandlerOptions,
  input: unknown,
  context: OperationContext,
): AsyncGenerator<unknown> {
  const request = buildRequest(options.template, input, context.capabilities);
  const { errors, maxResponseBytes: maxBytes = DEFAULT_MAX_RESPONSE_BYTES } = options;
  using patience = patienceOf(options, context);
  const { signal } = patience;
  const response = await beginning(request, options, signal);
  if (!response.ok) throw await failureOf(response, { errors, maxBytes, signal });
  patience.stopClock();
  yield* eventsOf(response, { maxBytes, signal, plain: options.stream === "text" });
}

async function beginning(
  request: BuiltRequest,
  { fetch }: HttpHandlerOptions,
  signal: AbortSignal,
): Promise<Response> {
  const response = await exchange({ ...request, signal }, fetch);
  const essence = essenceOf(response.headers.get("content-type") ?? "");
  if (!response.ok || essence === "text/event-stream") return response;
  await response.body?.cancel();
  throw badResponse("it is no event stream");
}

function patienceOf({ timeoutMs }: HttpHandlerOptions, { signal }: OperationContext): Patience {
  return new Patience(signal, timeoutMs ?? DEFAULT_TIMEOUT_MS);
}
