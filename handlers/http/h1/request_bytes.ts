/** A request on its way to a server. */
export interface H1Request {
  /** Such as `GET`. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /**
   * Fields; `host` among them, none that belongs to one connection. Their characters are sent as
   * the bytes they stand for, as `Headers` has them.
   */
  readonly headers: Headers;
  /** Default: none. */
  readonly body?: ReadableStream<Uint8Array> | null;
  /** Told whenever the server has taken a piece of the body. Default: nobody is. */
  readonly onProgress?: () => void;
}

const encoder = new TextEncoder();

/** Whether the body's length does not stand in its head. */
export function isChunked({ headers, body }: H1Request): boolean {
  return Boolean(body) && !headers.has("content-length");
}

/** Bytes the body must have, by its head; undefined where the head does not say. */
export function lengthOf({ headers, body }: H1Request): number | undefined {
  const length = headers.get("content-length");
  return body && length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/**
 * Writes a request's head (RFC 9112 section 3). `Headers` has refused line breaks already; the
 * target is checked here. A length without a body is left out: a server that waited for the bytes
 * would take the next request on the connection for them.
 *
 * @throws {TypeError} For a target that would end the line early.
 */
export function requestHead(request: H1Request): Uint8Array<ArrayBuffer> {
  const { method, target, headers } = request;
  if (!/^[\x21-\x7e]+$/.test(target)) throw new TypeError("Target holds more than one word");
  const lines = [`${method} ${target} HTTP/1.1`];
  for (const [name, value] of headers) {
    if (name === "content-length" && !request.body && value !== "0") continue;
    lines.push(`${name}: ${value}`);
  }
  if (isChunked(request)) lines.push("transfer-encoding: chunked");
  const head = `${lines.join("\r\n")}\r\n\r\n`;
  return Uint8Array.from(head, (character) => character.charCodeAt(0));
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
