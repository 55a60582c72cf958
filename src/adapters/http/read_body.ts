import { CallError } from "@alknet/operations";

import { badResponse, unreachable } from "./http_errors.ts";

/** How to read the body of an answer. */
export interface ReadOptions {
  /** Most bytes, after decompression. */
  readonly maxBytes: number;
  /** The signal that the request was sent with. */
  readonly signal: AbortSignal;
}

/**
 * Reads a body up to a limit.
 *
 * @throws {CallError} HTTP_BAD_RESPONSE when it is larger, HTTP_UNREACHABLE when it breaks off.
 * @throws The signal's reason once it is aborted.
 */
export async function readBody(response: Response, options: ReadOptions): Promise<Uint8Array> {
  const { maxBytes } = options;
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of chunksOf(response, options)) {
    total += chunk.length;
    if (total > maxBytes) throw badResponse(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const all = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** The chunks of a body as they come; whoever stops early ends the exchange. */
export async function* chunksOf(
  response: Response,
  { signal }: Pick<ReadOptions, "signal">,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw cause instanceof CallError ? cause : unreachable(cause);
  }
}
