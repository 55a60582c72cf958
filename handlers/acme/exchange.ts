import { boundedText } from "./bounded_body.ts";
import { AcmeError, AcmeProtocolError } from "./errors.ts";
import { parseProblem } from "./messages.ts";

/** How an ACME server is reached. */
export interface ExchangeOptions {
  /** Certificates to trust beside the system's, PEM. Default: none. */
  readonly caCerts?: readonly string[];
  /** Longest time for one request and its answer, in milliseconds. Default: 30,000. */
  readonly requestTimeoutMs?: number;
  /** Ends everything under way. */
  readonly signal?: AbortSignal;
}

/** One request. */
export interface AcmeRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: string;
  /** What it is for, as messages of errors say: "order a certificate". */
  readonly action: string;
  readonly body?: string;
}

/** An answer that is no problem. */
export interface AcmeAnswer {
  readonly text: string;
  /** URL of what was made. */
  readonly location?: string;
  /** When to ask again, in milliseconds. */
  readonly retryAfterMs?: number;
}

const REQUEST_TIMEOUT_MS = 30_000;
const NONCE = /^[\w-]{1,512}$/;
/** Longest pause that a server may ask for: a day. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** HTTPS to one ACME server: bounded in time and size, no redirects. */
export class Exchange implements Disposable {
  readonly #client: Deno.HttpClient;
  readonly #timeoutMs: number;
  readonly #signal?: AbortSignal;
  #nonce?: string;

  /** Prepares it; nothing is sent. */
  constructor({ caCerts = [], requestTimeoutMs = REQUEST_TIMEOUT_MS, signal }: ExchangeOptions) {
    this.#client = Deno.createHttpClient({ caCerts: [...caCerts] });
    this.#timeoutMs = requestTimeoutMs;
    this.#signal = signal;
  }

  /** The latest anti-replay nonce of the server, once (RFC 8555 section 6.5). */
  takeNonce(): string | undefined {
    const nonce = this.#nonce;
    this.#nonce = undefined;
    return nonce;
  }

  /**
   * Sends a request.
   *
   * @throws {AcmeError} When the server answers with a problem.
   * @throws {AcmeProtocolError} When there is no answer, or one that cannot be used.
   */
  async send(request: AcmeRequest): Promise<AcmeAnswer> {
    const response = await this.#fetch(request);
    const text = await this.#text(response, request);
    this.#nonce = nonceOf(response);
    const retryAfterMs = retryAfterOf(response);
    if (!response.ok) {
      const problem = parseProblem(parseJson(text), { status: response.status, retryAfterMs });
      throw new AcmeError({ action: request.action, problem });
    }
    return { text, location: response.headers.get("location") ?? undefined, retryAfterMs };
  }

  /** Closes what is left of connections. */
  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #fetch({ method, url, action, body }: AcmeRequest): Promise<Response> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = this.#signal ? AbortSignal.any([timeout, this.#signal]) : timeout;
    // A server names the program it wants to talk to its users about (RFC 8555 section 6.1).
    const headers = { "user-agent": "alknet-acme", "content-type": "application/jose+json" };
    const init = {
      method,
      headers,
      body,
      signal,
      redirect: "error",
      client: this.#client,
    } as const;
    try {
      return await fetch(url, init);
    } catch (error) {
      this.#signal?.throwIfAborted();
      const { origin } = new URL(url);
      throw new AcmeProtocolError(`Cannot ${action}: no answer from ${origin}`, { cause: error });
    }
  }

  async #text(response: Response, { action }: AcmeRequest): Promise<string> {
    try {
      return await boundedText(response);
    } catch (error) {
      if (error instanceof AcmeProtocolError) throw error;
      this.#signal?.throwIfAborted();
      throw new AcmeProtocolError(`Cannot ${action}: the answer broke off`, { cause: error });
    }
  }
}

/** Parses an answer; what is no JSON becomes undefined, which no parser takes for an object. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // said by whoever looks for an object
  }
}

function nonceOf({ headers }: Response): string | undefined {
  const nonce = headers.get("replay-nonce") ?? "";
  return NONCE.test(nonce) ? nonce : undefined;
}

/** Seconds or a date (RFC 9110 section 10.2.3). */
function retryAfterOf({ headers }: Response): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : undefined;
}
