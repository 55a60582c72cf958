/** A request on its way to a server. */
export interface H1Request {
  /** Such as `GET`. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Fields; `host` among them, none that belongs to one connection. */
  readonly headers: Headers;
  /** Default: none. */
  readonly body?: ReadableStream<Uint8Array> | null;
}

const encoder = new TextEncoder();

/** Whether the body's length stands in its head. */
export function isChunked({ headers, body }: H1Request): boolean {
  return Boolean(body) && !headers.has("content-length");
}

/**
 * Writes a request's head (RFC 9112 section 3). `Headers` has refused line breaks already; the
 * target is checked here.
 *
 * @throws {TypeError} For a target that would end the line early.
 */
export function requestHead(request: H1Request): Uint8Array<ArrayBuffer> {
  const { method, target, headers } = request;
  if (!/^[\x21-\x7e]+$/.test(target)) throw new TypeError("Target holds more than one word");
  const lines = [`${method} ${target} HTTP/1.1`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (isChunked(request)) lines.push("transfer-encoding: chunked");
  return encoder.encode(`${lines.join("\r\n")}\r\n\r\n`);
}

/** One chunk with its size and end; the empty one ends a body. */
export function chunk(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = encoder.encode(`${data.length.toString(16)}\r\n`);
  const bytes = new Uint8Array(size.length + data.length + 2);
  bytes.set(size);
  bytes.set(data, size.length);
  bytes.set([13, 10], size.length + data.length);
  return bytes;
}
