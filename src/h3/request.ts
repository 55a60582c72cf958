import { readableFrom } from "@alknet/core/transport";

import { H3ErrorCode } from "./error_code.ts";
import { H3StreamError } from "./errors.ts";
import { malformed } from "./field_rules.ts";
import type { MessageReader } from "./message_reader.ts";
import type { RequestHead } from "./request_head.ts";

/** Whether the Fetch API lets a request of that method have a body. */
export function mayHaveBody({ method, contentLength }: RequestHead): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "CONNECT" && contentLength !== 0;
}

/**
 * Makes a `Request` of a head and what follows it.
 *
 * @throws {H3StreamError} For a head that has no URL, or a method the Fetch API does not know.
 */
export function toRequest(
  head: RequestHead,
  content: RequestContent,
  signal: AbortSignal,
): Request {
  const { method } = head;
  if (/^(?:trace|track)$/i.test(method)) throw unsupported(`Method ${method}`);
  const connect = method === "CONNECT";
  const body = mayHaveBody(head) ? content.readable : undefined;
  const headers = head.headers.map(([name, value]): [string, string] => [name, value]);
  // `duplex` is needed for bodies that are streams, and missing from Deno's types.
  const init = { method: connect ? "GET" : method, headers, body, duplex: "half", signal };
  const request = new Request(urlOf(head), init);
  // The Fetch API forbids CONNECT; a handler that takes it for GET would accept by accident.
  if (connect) Object.defineProperty(request, "method", { value: method });
  return request;
}

const DISCARD_BYTES = 65_536;

/** The content of a request: the handler's until the response has ended, then thrown away. */
export class RequestContent {
  readonly #reader: MessageReader;
  #pending?: Promise<unknown>;
  #taken = true;

  /** @param reader Reads it. */
  constructor(reader: MessageReader) {
    this.#reader = reader;
  }

  /** The request's body. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return readableFrom({ read: (target) => this.#read(target) }, () => {
      this.#taken = false;
    });
  }

  /**
   * Reads what nobody asks for any longer, so that its end, or what is wrong with it, is known.
   *
   * Stopping the client at once would be the shorter way, but Deno's QUIC knows no other code than
   * 0 for that, which browsers take for a failure of the whole request.
   *
   * @param maxBytes How much of it, before the client is stopped all the same.
   */
  async discard(maxBytes: number): Promise<void> {
    this.#taken = false;
    await this.#pending?.catch(() => {}); // the handler has seen it
    let buffer = new Uint8Array(0);
    let total = 0;
    while (await this.#reader.hasContent()) {
      if (buffer.length === 0) buffer = new Uint8Array(DISCARD_BYTES);
      total += await this.#reader.read(buffer) ?? 0;
      if (total > maxBytes) return this.#reader.stop();
    }
  }

  #read(target: Uint8Array): Promise<number | null> {
    if (!this.#taken) throw new TypeError("Cannot read the body: the response has ended");
    const read = this.#reader.read(target);
    this.#pending = read;
    return read;
  }
}

function urlOf({ scheme, authority, path }: RequestHead): string {
  if (scheme !== "https") throw unsupported(`Scheme ${scheme}`, 421);
  const url = `${scheme}://${authority}${path === "*" ? "/" : path}`;
  if (!URL.canParse(url)) throw malformed("Request without a valid URL");
  return url;
}

function unsupported(what: string, status = 501): H3StreamError {
  return new H3StreamError(H3ErrorCode.RequestRejected, `${what} is not supported`, { status });
}
