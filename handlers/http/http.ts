import {
  type Connection,
  forEachStream,
  type Handler,
  type HandlerContext,
  type PeerAuth,
  type Stream,
} from "@alknet/core";

import { bridge, endTowardsServer } from "./bridge.ts";
import type { FetchHandler, HttpApp, HttpInfo } from "./http_info.ts";
import { Origin } from "./origin.ts";
import { Patience, type PatienceOptions } from "./patience.ts";
import { routes } from "./routes.ts";

/** ALPN identifiers of HTTP/2 and HTTP/1.1 (RFC 9113, RFC 7301), most wanted first. */
export const ALPN: readonly string[] = ["h2", "http/1.1"];

/** What {@linkcode http} can be told. */
export interface HttpOptions {
  /** Answers what the built-in routes do not; disposed of at shutdown. Default: 404. */
  readonly app?: HttpApp;
  /** Time from the beginning of a connection to its first complete request head. Default: 10,000. */
  readonly headTimeoutMs?: number;
  /** Time a connection may be without a request after that. Default: 60,000. */
  readonly idleTimeoutMs?: number;
}

const HEAD_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Makes the HTTP handler: HTTP/1.1, HTTP/2 and WebSocket for anybody, through `GET /healthz` and an
 * application.
 *
 * Requests have `https:` URLs. What a client is allowed to do is the application's decision: TLS
 * asks for no key here, {@linkcode bearer} finds out who calls.
 *
 * @param options The application and its limits.
 * @returns A handler to register on an endpoint.
 *
 * @example
 * ```ts
 * import { http } from "@alknet/http";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const handler = http({ app: (request) => new Response(`you asked for ${request.url}\n`) });
 * deepStrictEqual(handler.alpn, ["h2", "http/1.1"]);
 * ```
 */
export function http(options: HttpOptions = {}): Handler {
  return new HttpHandler(options);
}

/** Holds the internal server, which starts with the first connection. */
class HttpHandler implements Handler {
  readonly name = "http";
  readonly alpn = ALPN;
  readonly peerAuth: PeerAuth = "none";
  readonly #app: HttpApp | undefined;
  readonly #fetch: FetchHandler;
  readonly #patience: PatienceOptions;
  readonly #draining = new Set<Origin>();
  #origin?: Origin;

  constructor({ app, headTimeoutMs, idleTimeoutMs }: HttpOptions) {
    this.#app = app;
    this.#fetch = routes(app);
    this.#patience = {
      headTimeoutMs: headTimeoutMs ?? HEAD_TIMEOUT_MS,
      idleTimeoutMs: idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    };
  }

  /** Serves one connection; each of its streams, one on TCP, is an HTTP connection of its own. */
  async accept(conn: Connection, ctx: HandlerContext): Promise<void> {
    const { signal } = ctx;
    const drain = (): void => conn.signal.aborted ? undefined : this.#drain();
    signal.addEventListener("abort", drain);
    const info = infoOf(conn, ctx);
    try {
      await forEachStream(conn, (stream) => this.#visit(stream, info));
    } finally {
      signal.removeEventListener("abort", drain);
    }
  }

  /** Ends the internal server, whatever still hangs in it. */
  async shutdown(): Promise<void> {
    this.#drain();
    await Promise.all([...this.#draining].map((origin) => origin.stop()));
    if (typeof this.#app === "object") this.#app[Symbol.dispose]?.();
  }

  async #visit(stream: Stream, info: HttpInfo): Promise<void> {
    const origin = this.#origin ??= new Origin(this.#fetch);
    let impatient = (): void => stream.reset();
    using patience = new Patience(this.#patience, () => impatient());
    const socket = await origin.connect({ info, patience });
    impatient = () => void endTowardsServer(socket);
    try {
      await bridge(stream, socket);
    } finally {
      origin.release(socket);
    }
  }

  /** Lets requests finish and connections end; whoever comes later gets a new server. */
  #drain(): void {
    const origin = this.#origin;
    if (!origin) return;
    this.#origin = undefined;
    this.#draining.add(origin);
    origin.drain().then(() => this.#draining.delete(origin));
  }
}

function infoOf(conn: Connection, { auth, identities }: HandlerContext): HttpInfo {
  const { remoteAddr, alpn, transport, serverName } = conn;
  return { remoteAddr, alpn, transport, serverName, auth, identities };
}
