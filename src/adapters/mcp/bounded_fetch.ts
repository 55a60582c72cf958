import { badResponse } from "../http/http_errors.ts";
import type { Fetch } from "../http/exchange.ts";
import { essenceOf } from "../http/request_body.ts";

/** What {@linkcode boundedFetch} holds requests to. */
export interface BoundedFetchOptions {
  /** The only origin that is asked. */
  readonly origin: string;
  /** Most bytes of an answer; of a stream, of one event. */
  readonly maxBytes: number;
  /** Sends requests. Default: `fetch`. */
  readonly fetch: Fetch | undefined;
}

/**
 * A `fetch` for a client that somebody else wrote: it asks one origin only, follows no redirect to
 * another, and ends answers that are too large.
 */
export function boundedFetch(
  { origin, maxBytes, fetch: send = fetch }: BoundedFetchOptions,
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (input, init = {}) => {
    const url = new URL(input);
    if (url.origin !== origin) throw badResponse("it leads to another origin");
    const response = await send(url, { ...init, redirect: "manual" });
    if (!response.body) return response;
    const streams = essenceOf(response.headers.get("content-type") ?? "") === "text/event-stream";
    const body = response.body.pipeThrough(limit(maxBytes, streams));
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Counts bytes; of a stream of events, those since the last empty line. */
function limit(maxBytes: number, streams: boolean): TransformStream<Uint8Array, Uint8Array> {
  let count = 0;
  let lineIsEmpty = false;
  return new TransformStream({
    transform(chunk, controller): void {
      for (const byte of streams ? chunk : []) {
        count = byte === LINE_FEED && lineIsEmpty ? 0 : count + 1;
        lineIsEmpty = byte === LINE_FEED || (lineIsEmpty && byte === CARRIAGE_RETURN);
        if (count > maxBytes) break;
      }
      if (!streams) count += chunk.length;
      if (count > maxBytes) controller.error(badResponse(`more than ${maxBytes} bytes`));
      else controller.enqueue(chunk);
    },
  });
}
