import {
  type Carriage,
  type Connection,
  forEachStream,
  type Handler,
  type HandlerContext,
  type PeerAuth,
  type Stream,
} from "@alknet/core";
import { serveH3 } from "@alknet/h3";
import { getLogger } from "@logtape/logtape";

import { advertise } from "./alt_svc.ts";
import { bridge, endTowardsServer } from "./bridge.ts";
import { carry } from "./carried.ts";
import { carrySocket } from "./carried_socket.ts";
import type { FetchHandler, HttpApp, HttpInfo } from "./http_info.ts";
import { Origin } from "./origin.ts";
import { Patience, type PatienceOptions } from "./patience.ts";
import { routes } from "./routes.ts";
import { SessionTickets } from "./session_tickets.ts";

/** ALPN identifiers of HTTP/2, HTTP/1.1 and HTTP/3 (RFC 9113, 7301, 9114), most wanted first. */
export const ALPN: readonly string[] = ["h2", "http/1.1", "h3"];

/** What {@linkcode http} can be told. */
export interface HttpOptions {
  /** Answers what the built-in routes do not; disposed of at shutdown. Default: 404. */
  readonly app?: HttpApp;
  /** Time from the beginning of a connection to its first complete request head. Default: 10,000. */
  readonly headTimeoutMs?: number;
  /** Time a connection may be without a request after that. Default: 60,000. */
  readonly idleTimeoutMs?: number;
  /**
   * Whether HTTP/1.1 and HTTP/2 responses tell of HTTP/3, where a listener has it under the same
   * certificate. Default: true.
   */
  readonly altSvc?: boolean;
  /**
   * Where clients reach the node, such as `https://node.example`, if that is at another port than the
   * listener's. Default: at the listener's.
   */
  readonly publicUrl?: URL | undefined;
  /**
   * Takes in WebTransport sessions and WebSockets for `/alknet/<name>`, for the handler of the ALPN
   * `alknet/<name>`: the endpoint, once it runs. Default: nothing does.
   */
  readonly carry?: () => Carriage | undefined;
}

const log = getLogger(["alknet", "http"]);

const HEAD_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Makes the HTTP handler: HTTP/1.1, HTTP/2, HTTP/3 and WebSocket for anybody, through `GET /healthz`
 * and an application.
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
 * deepStrictEqual(handler.alpn, ["h2", "http/1.1", "h3"]);
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
  readonly #fetchBelowH3: FetchHandler;
  readonly #carry: () => Carriage | undefined;
  readonly #tickets = new SessionTickets();
  readonly #patience: PatienceOptions;
  readonly #draining = new Set<Origin>();
  #origin?: Origin;

  constructor(options: HttpOptions) {
    const { app, headTimeoutMs, idleTimeoutMs, altSvc = true, publicUrl, carry } = options;
    this.#app = app;
    this.#carry = carry ?? (() => undefined);
    this.#fetch = routes({ app, tickets: carry && this.#tickets });
    const below: FetchHandler = (request, info) =>
      this.#carried(carrySocket, request, info) ?? this.#fetch(request, info);
    this.#fetchBelowH3 = altSvc ? advertise(below, publicUrl) : below;
    this.#patience = {
      headTimeoutMs: headTimeoutMs ?? HEAD_TIMEOUT_MS,
      idleTimeoutMs: idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    };
  }

  /**
   * Serves one connection. Below HTTP/3 each of its streams, one on TCP, is an HTTP connection of
   * its own.
   */
  async accept(conn: Connection, ctx: HandlerContext): Promise<void> {
    if (conn.alpn === "h3") return await this.#acceptH3(conn, ctx);
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

  async #acceptH3(conn: Connection, ctx: HandlerContext): Promise<void> {
    const base = infoOf(conn, ctx);
    const { signal } = ctx;
    await serveH3(conn, (request, h3) => {
      const info = { ...base, h3 };
      return this.#carried(carry, request, info) ?? this.#fetch(request, info);
    }, {
      signal,
      onError: (error) => log.warn("h3.failed", { peer: conn.identity?.id, error }),
      limits: this.#patience,
    });
  }

  #carried(by: typeof carry, request: Request, info: HttpInfo): Response | undefined {
    const carriage = this.#carry();
    return carriage && by(request, info, { carriage, tickets: this.#tickets });
  }

  async #visit(stream: Stream, info: HttpInfo): Promise<void> {
    const origin = this.#origin ??= new Origin(this.#fetchBelowH3);
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

function infoOf(conn: Connection, ctx: HandlerContext): HttpInfo {
  const { remoteAddr, alpn, transport, serverName } = conn;
  const { auth, identities } = ctx;
  return {
    remoteAddr,
    alpn,
    transport,
    serverName,
    auth,
    identities,
    get h3Port(): number | undefined {
      return ctx.quicPort;
    },
  };
}
