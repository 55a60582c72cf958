import type { Stream } from "@alknet/core";

import { H1Connection, type H1Response } from "./h1_connection.ts";
import type { H1Request } from "./request_bytes.ts";

/** What an {@linkcode H1Client} can be told. */
export interface H1ClientOptions {
  /** Opens a stream to the server. */
  readonly connect: (signal: AbortSignal) => Promise<Stream>;
  /** Connections kept for later requests. Default: 16. */
  readonly maxIdle?: number;
  /** Time they are kept, in milliseconds. Default: 15,000. */
  readonly idleTimeoutMs?: number;
}

interface Idle {
  readonly conn: H1Connection;
  readonly timer: ReturnType<typeof setTimeout>;
}

const MAX_IDLE = 16;
const IDLE_TIMEOUT_MS = 15_000;

/** Methods that do no more when they are done twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
]);

/** A client of one server: HTTP/1.1 over streams, which are used again. */
export class H1Client implements Disposable {
  readonly #options: H1ClientOptions;
  readonly #idle: Idle[] = [];
  #over = false;

  /** Opens nothing yet. */
  constructor(options: H1ClientOptions) {
    this.#options = options;
  }

  /**
   * Sends a request. One that met a connection which the server had just given up is sent again on
   * a fresh one, where that can do no harm (RFC 9112 section 9.3.1).
   *
   * @param signal Ends it, also within its body.
   * @throws {H1Error} For an answer that is none.
   * @throws What `connect` throws, and the signal's reason.
   */
  async request(request: H1Request, signal: AbortSignal): Promise<H1Response> {
    signal.throwIfAborted();
    const idle = this.#takeIdle();
    if (!idle) return await this.#on(await this.#open(signal), request, signal);
    try {
      return await this.#on(idle, request, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (request.body || !IDEMPOTENT.has(request.method)) throw error;
      return await this.#on(await this.#open(signal), request, signal);
    }
  }

  /** Closes what is kept. */
  [Symbol.dispose](): void {
    this.#over = true;
    for (let idle = this.#takeIdle(); idle; idle = this.#takeIdle()) idle.close();
  }

  async #open(signal: AbortSignal): Promise<H1Connection> {
    return new H1Connection(await this.#options.connect(signal));
  }

  async #on(conn: H1Connection, request: H1Request, signal: AbortSignal): Promise<H1Response> {
    const abort = (): void => conn.close();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort(); // while the connection was being opened
    try {
      return await conn.request(request, (reusable) => {
        signal.removeEventListener("abort", abort);
        if (reusable && !this.#over) this.#keep(conn);
        else conn.close();
      });
    } catch (error) {
      conn.close();
      signal.removeEventListener("abort", abort);
      signal.throwIfAborted();
      throw error;
    }
  }

  #takeIdle(): H1Connection | undefined {
    const idle = this.#idle.pop();
    clearTimeout(idle?.timer);
    return idle?.conn;
  }

  #keep(conn: H1Connection): void {
    const { maxIdle = MAX_IDLE, idleTimeoutMs = IDLE_TIMEOUT_MS } = this.#options;
    if (this.#idle.length >= maxIdle) return conn.close();
    const timer = setTimeout(() => this.#drop(conn), idleTimeoutMs);
    Deno.unrefTimer(timer);
    this.#idle.push({ conn, timer });
    conn.watch(() => this.#drop(conn));
  }

  /** Closes a connection that is kept still. */
  #drop(conn: H1Connection): void {
    const at = this.#idle.findIndex((each) => each.conn === conn);
    if (at === -1) return;
    const [idle] = this.#idle.splice(at, 1);
    clearTimeout(idle?.timer);
    conn.close();
  }
}
