import { createParser } from "eventsource-parser";

import { badResponse } from "./http_errors.ts";
import { boundedValue, parseJson } from "./parse_json.ts";
import { chunksOf } from "./read_body.ts";

/** How to read a stream of events. */
export interface EventStreamOptions {
  /** Most bytes of one event. */
  readonly maxBytes: number;
  /** The signal that the request was sent with. */
  readonly signal: AbortSignal;
  /** Whether data is text that is not to be read as JSON. */
  readonly plain: boolean;
}

/**
 * The data of server-sent events, one at a time: nothing more is read before the next is asked for.
 * Data that is JSON is parsed.
 *
 * @throws {CallError} HTTP_BAD_RESPONSE for an event that is too large, HTTP_UNREACHABLE when the
 * stream breaks off.
 */
export async function* eventsOf(
  response: Response,
  { maxBytes, signal, plain }: EventStreamOptions,
): AsyncGenerator<unknown> {
  let events: string[] = [];
  let overflow = false;
  const parser = createParser({
    maxBufferSize: maxBytes,
    onEvent: ({ data }) => events.push(data),
    onError: ({ type }) => overflow ||= type === "max-buffer-size-exceeded",
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(response, { signal })) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (overflow) throw badResponse(`an event of more than ${maxBytes} characters`);
    for (const data of events) yield plain ? data : parsed(data);
    events = [];
  }
}

/** What is no JSON is text, such as the "[DONE]" that some services end with. */
function parsed(data: string): unknown {
  const json = parseJson(data);
  return json ? boundedValue(json.value) : data;
}
