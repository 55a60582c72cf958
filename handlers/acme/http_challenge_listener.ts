import { type Address, ListenError } from "@alknet/core";

/** The one question that is answered. */
export interface HttpChallenge {
  readonly token: string;
  readonly keyAuthorization: string;
}

/** Connections at once; a certificate authority asks from some five places. */
export const MAX_CONNECTIONS = 64;
/** Largest request head. */
export const MAX_HEAD_BYTES = 8_192;
/** Time a connection may take, in milliseconds. */
export const CONNECTION_TIMEOUT_MS = 5_000;

const PREFIX = "/.well-known/acme-challenge/";
const REQUEST = /^GET (\S+) HTTP\/1\.[01]\r\n/;

/**
 * Answers one http-01 challenge (RFC 8555 section 8.3): the certificate authority asks port 80 of
 * the name, unencrypted. It is there only while the challenge is, and answers nothing else.
 */
export class HttpChallengeListener implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #challenge: HttpChallenge;
  readonly #connections = new Set<Deno.TcpConn>();

  /**
   * Binds the address and answers.
   *
   * @throws {ListenError} When the address cannot be bound.
   */
  constructor(addr: Address, challenge: HttpChallenge) {
    this.#listener = bind(addr);
    this.#challenge = challenge;
    this.#acceptAll();
  }

  /** The address it is bound to, with the port the system chose. */
  get addr(): Address {
    const { hostname, port } = this.#listener.addr;
    return { hostname, port };
  }

  /** Closes it and every connection. */
  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#connections) conn.close();
    this.#connections.clear();
  }

  async #acceptAll(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        if (this.#connections.size >= MAX_CONNECTIONS) conn.close();
        else this.#serve(conn);
      }
    } catch {
      // Nobody can be accepted any more: the authority will say that it was not answered.
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    this.#connections.add(conn);
    const end = (): void => {
      if (this.#connections.delete(conn)) conn.close();
    };
    const timer = setTimeout(end, CONNECTION_TIMEOUT_MS);
    try {
      const head = await readHead(conn);
      if (head !== undefined) await writeAll(conn, answerTo(head, this.#challenge));
    } catch {
      // It left, or took too long: nobody is waiting for an answer.
    } finally {
      clearTimeout(timer);
      end();
    }
  }
}

/**
 * The response to a request head, both as they are on the wire.
 *
 * @param head All up to the empty line.
 */
export function answerTo(head: string, { token, keyAuthorization }: HttpChallenge): string {
  const found = REQUEST.exec(head)?.[1] === PREFIX + token;
  const body = found ? keyAuthorization : "Not found\n";
  return [
    found ? "HTTP/1.1 200 OK" : "HTTP/1.1 404 Not Found",
    `Content-Type: ${found ? "application/octet-stream" : "text/plain"}`,
    `Content-Length: ${body.length}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}

/** A request's head, or undefined where it is too large or never ends. */
async function readHead(conn: Deno.TcpConn): Promise<string | undefined> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  const decoder = new TextDecoder("latin1");
  for (let length = 0; length < buffer.length;) {
    const count = await conn.read(buffer.subarray(length));
    if (count === null) return undefined;
    length += count;
    const head = decoder.decode(buffer.subarray(0, length));
    if (head.includes("\r\n\r\n")) return head;
  }
  return undefined;
}

async function writeAll(conn: Deno.TcpConn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

function bind({ hostname, port }: Address): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ListenError(`Cannot answer http-01 on ${hostname}:${port}: ${detail}`, {
      cause: error,
    });
  }
}
