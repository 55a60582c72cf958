import { readableFrom } from "@alknet/core/transport";

import { H3ErrorCode } from "./error_code.ts";
import { H3StreamError } from "./errors.ts";
import { malformed } from "./field_rules.ts";
import type { MessageReader } from "./message_reader.ts";
import type { RequestHead } from "./request_head.ts";

/** Content of a request that has none by its method, thrown away before its client is stopped. */
const MAX_DRAINED_BYTES = 65_536;

/** Whether the Fetch API lets a request of that method have a body. */
export function mayHaveBody({ method, contentLength }: RequestHead): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "CONNECT" && contentLength !== 0;
}

/**
 * Makes a `Request` of a head and what follows it.
 *
 * @throws {H3StreamError} For a head that has no URL, or a method the Fetch API does not know.
 */
export function toRequest(head: RequestHead, reader: MessageReader, signal: AbortSignal): Request {
  const { method } = head;
  if (/^(?:trace|track)$/i.test(method)) throw unsupported(`Method ${method}`);
  const connect = method === "CONNECT";
  const body = mayHaveBody(head) ? bodyOf(reader) : undefined;
  const headers = head.headers.map(([name, value]): [string, string] => [name, value]);
  // `duplex` is needed for bodies that are streams, and missing from Deno's types.
  const init = { method: connect ? "GET" : method, headers, body, duplex: "half", signal };
  const request = new Request(urlOf(head), init);
  // The Fetch API forbids CONNECT; a handler that takes it for GET would accept by accident.
  if (connect) Object.defineProperty(request, "method", { value: method });
  return request;
}

/** Reads content nobody asked for, so that its end, or what is wrong with it, is known. */
export async function drain(reader: MessageReader): Promise<void> {
  const buffer = new Uint8Array(1_024);
  let total = 0;
  for (let count = await reader.read(buffer); count !== null; count = await reader.read(buffer)) {
    total += count;
    if (total > MAX_DRAINED_BYTES) return reader.stop();
  }
}

function urlOf({ scheme, authority, path }: RequestHead): string {
  if (scheme !== "https") throw unsupported(`Scheme ${scheme}`, 421);
  const url = `${scheme}://${authority}${path === "*" ? "/" : path}`;
  if (!URL.canParse(url)) throw malformed("Request without a valid URL");
  return url;
}

function bodyOf(reader: MessageReader): ReadableStream<Uint8Array<ArrayBuffer>> {
  return readableFrom(reader, () => reader.stop());
}

function unsupported(what: string, status = 501): H3StreamError {
  return new H3StreamError(H3ErrorCode.RequestRejected, `${what} is not supported`, { status });
}
