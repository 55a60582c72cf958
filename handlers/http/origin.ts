import { getLogger } from "@logtape/logtape";

import type { FetchHandler, HttpInfo } from "./http_info.ts";
import type { Patience } from "./patience.ts";
import { publicUrl } from "./public_url.ts";

/** A connection of the endpoint's, as the internal server has to know it. */
export interface Visitor {
  /** What the application is told. */
  readonly info: HttpInfo;
  /** Told when requests begin and end. */
  readonly patience: Patience;
}

const log = getLogger(["alknet", "http"]);
const LOOPBACK = "127.0.0.1";
/** How long requests without an answer may hold up the end of the server. */
const SHUTDOWN_MS = 1_000;
const SWITCHING_PROTOCOLS = 101;

/**
 * The HTTP server proper: Deno's own, on a loopback port that only this class connects to.
 *
 * Deno can serve HTTP only on sockets it accepted itself (node:http2 crashes under load, see
 * docs/adr/0006), so every connection of the endpoint gets one to this server. Which is which is
 * told by the source port, registered before the first byte goes out; a connection from anybody
 * else on the machine is answered 403 and closed.
 */
export class Origin {
  readonly #visitors = new Map<number, Visitor>();
  readonly #fetch: FetchHandler;
  readonly #unanswered = new Set<(response: Response) => void>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #draining?: Promise<void>;

  /** Binds the port and serves. */
  constructor(fetch: FetchHandler) {
    this.#fetch = fetch;
    this.#server = Deno.serve({
      hostname: LOOPBACK,
      port: 0,
      onListen: () => {},
      onError: internalError,
    }, (request, info) => this.#serve(request, info));
  }

  /** The loopback port. */
  get port(): number {
    return this.#server.addr.port;
  }

  /** Opens a connection that belongs to a visitor; release it with {@linkcode release}. */
  async connect(visitor: Visitor): Promise<Deno.TcpConn> {
    const conn = await Deno.connect({ hostname: LOOPBACK, port: this.port });
    conn.setNoDelay(true);
    this.#visitors.set(conn.localAddr.port, visitor);
    return conn;
  }

  /** Forgets the visitor, then closes the connection, so that nobody can inherit its port. */
  release(conn: Deno.TcpConn): void {
    this.#visitors.delete(conn.localAddr.port);
    closeQuietly(conn);
  }

  /**
   * Lets requests under way finish and tells connections to come to their end. Resolves when they
   * have; later calls wait for the first.
   */
  drain(): Promise<void> {
    return this.#draining ??= this.#server.shutdown();
  }

  /** Drains, and after a second answers itself what the application leaves unanswered. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => {
      for (const giveUp of this.#unanswered) giveUp(unavailable());
    }, SHUTDOWN_MS);
    await this.drain();
    clearTimeout(timer);
  }

  #serve(
    request: Request,
    { remoteAddr, completed }: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> {
    const visitor = this.#visitors.get(remoteAddr.port);
    if (!visitor || remoteAddr.hostname !== LOOPBACK) return turnAway(403, "Forbidden\n");
    const { info, patience } = visitor;
    const { serverName } = info;
    const url = publicUrl(request, { internalPort: this.port, serverName });
    if (url === undefined) return turnAway(400, "Bad request\n");
    // A new Request would lose what a WebSocket upgrade needs.
    Object.defineProperty(request, "url", { value: url, configurable: true });
    patience.requestBegins();
    const ended = (): void => patience.requestEnds();
    completed.then(ended, ended);
    return this.#answer(request, visitor);
  }

  /** An answer that is there is not made to wait: promises cost as much as a small request. */
  #answer(request: Request, { info, patience }: Visitor): Response | Promise<Response> {
    const answer = this.#fetch(request, info);
    if (answer instanceof Response) return endIfSwitched(answer, patience);
    return this.#unlessGivenUp(answer).then((response) => endIfSwitched(response, patience));
  }

  /** A server with an unanswered request never ends, not even when its client has left. */
  async #unlessGivenUp(answer: Promise<Response>): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.#unanswered.add(resolve);
    try {
      return await Promise.race([answer, promise]);
    } finally {
      this.#unanswered.delete(resolve);
    }
  }
}

/** Closes a socket that may be closed already. */
export function closeQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** A connection that carries something else from now on needs no patience. */
function endIfSwitched(response: Response, patience: Patience): Response {
  if (response.status === SWITCHING_PROTOCOLS) patience[Symbol.dispose]();
  return response;
}

function turnAway(status: number, text: string): Response {
  return new Response(text, { status, headers: { connection: "close" } });
}

function unavailable(): Response {
  return new Response("Shutting down\n", { status: 503 });
}

function internalError(error: unknown): Response {
  log.warn("request.failed", { error });
  return new Response("Internal server error\n", { status: 500 });
}
