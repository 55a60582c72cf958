import { getLogger } from "@logtape/logtape";

import { H1Error } from "../h1/errors.ts";
import type { H1Response } from "../h1/h1_connection.ts";
import { type ResponseHead, valuesOf } from "../h1/response_head.ts";
import type { FetchHandler, HttpInfo } from "../http_info.ts";
import { forwardedHeaders, ofConnection } from "./forwarded.ts";
import { BusyError } from "./bounded_upstream.ts";
import type { HealthCheckOptions } from "./health_check.ts";
import { connectable, UnreachableError, type Upstream } from "./upstream.ts";
import { type Turn, UpstreamPool, type UpstreamStatus } from "./upstream_pool.ts";
import { isWebSocket, relayWebSocket, WebSocketRefusedError } from "./web_socket_relay.ts";

/** What {@linkcode proxySite} can be told. */
export interface ProxySiteOptions {
  /** Servers to pass requests on to, in turn. */
  readonly upstreams: readonly Upstream[];
  /** Path that is taken off before a request is passed on. Default: none. */
  readonly prefix?: string;
  /** Whether servers are asked by the name the client used. Default: true. */
  readonly keepHost?: boolean;
  /** Whether another proxy in front says who the client is. Default: false. */
  readonly trustForwarded?: boolean;
  /**
   * Time a server has for the beginning of its answer from when it has taken the request, and for
   * taking each piece of it, in milliseconds. Default: 60,000.
   */
  readonly timeoutMs?: number;
  /** How servers are checked beside the requests. Default: they are not. */
  readonly healthCheck?: HealthCheckOptions | undefined;
  /** Connections to one server at once; beyond that the answer is 503. Default: 512. */
  readonly maxConnections?: number;
  /** What logs call the site. Default: nothing. */
  readonly name?: string;
}

/** A site that passes requests on, with what it holds. */
export interface ProxySite extends FetchHandler, Disposable {
  /** How each of its servers is now. */
  upstreams(): UpstreamStatus[];
}

const TIMEOUT_MS = 60_000;

/** The one asks for a tunnel, the other for what the server was sent, our fields among it. */
const UNWANTED: ReadonlySet<string> = new Set(["CONNECT", "TRACE"]);

/** Statuses whose responses have no content (RFC 9110 sections 15.3.5, 15.3.6, 15.4.5). */
const WITHOUT_CONTENT: ReadonlySet<number> = new Set([204, 205, 304]);
const log = getLogger(["alknet", "http", "proxy"]);

/**
 * Passes requests on to servers: bodies flow both ways as they come, WebSockets too. A server that
 * cannot be reached is passed over for ten seconds, and the next one asked; one that does not pass
 * its health checks is not asked until it does again.
 *
 * @param options Which servers, and how they are asked.
 * @returns Answers 502 where no server could be reached, all are unhealthy, or the answer is none,
 * 503 where they have too many connections, and 504 after the time. Disposing of it ends the checks, and closes the connections it keeps for
 * later requests.
 */
export function proxySite(options: ProxySiteOptions): ProxySite {
  const pool = new UpstreamPool(options.upstreams, options);
  const handle: FetchHandler = async (request, info) => {
    if (UNWANTED.has(request.method)) return new Response(null, { status: 405 });
    try {
      return await (isWebSocket(request)
        ? relay(request, info, { pool, options })
        : passOn(request, info, { pool, options }));
    } catch (error) {
      return failure(error, request);
    }
  };
  return Object.assign(handle, {
    upstreams: () => pool.status,
    [Symbol.dispose]: () => pool[Symbol.dispose](),
  });
}

interface Passing {
  readonly pool: UpstreamPool;
  readonly options: ProxySiteOptions;
}

async function passOn(request: Request, info: HttpInfo, passing: Passing): Promise<Response> {
  const target = targetOf(request, passing.options);
  const { method } = request;
  const body = hasBody(request, info) ? request.body : null;
  return await firstReached(request, passing, async ({ upstream, client }, clock) => {
    const headers = forwardedHeaders(request, info, forwardTo(upstream, passing.options));
    const onProgress = (): void => clock.restart();
    const asked = { method, target, headers, body, onProgress };
    return responseOf(await client.request(asked, clock.signal));
  });
}

async function relay(request: Request, info: HttpInfo, passing: Passing): Promise<Response> {
  const target = targetOf(request, passing.options);
  return await firstReached(request, passing, async ({ upstream }, { signal }) => {
    const headers = forwardedHeaders(request, info, forwardTo(upstream, passing.options));
    const stream = await connectable(upstream, signal);
    try {
      return await relayWebSocket(request, stream, { headers, target, signal });
    } catch (error) {
      if (error instanceof WebSocketRefusedError) return refusalOf(error.head);
      throw error;
    }
  });
}

/** What a server says instead of opening a WebSocket, without the page that may come with it. */
function refusalOf({ status, fields }: ResponseHead): Response {
  return responseOf({ status, fields: fields.filter(([name]) => !name.startsWith("content-")) });
}

/** What one server answers: the next is asked only where nothing reached the one before. */
async function firstReached(
  request: Request,
  { pool, options }: Passing,
  ask: (turn: Turn, clock: Clock) => Promise<Response>,
): Promise<Response> {
  const clock = clockOf(request, options);
  let failed: unknown = new UnreachableError("No server is healthy");
  try {
    for (const turn of pool.inTurn()) {
      try {
        return await ask(turn, clock);
      } catch (error) {
        failed = error;
        if (error instanceof BusyError) continue;
        if (!(error instanceof UnreachableError)) break;
        turn.failed();
      }
    }
  } finally {
    clock.stop();
  }
  throw failed;
}

function forwardTo(
  { host }: Upstream,
  { keepHost = true, trustForwarded = false }: ProxySiteOptions,
): { host?: string; trustForwarded: boolean } {
  return { host: keepHost ? undefined : host, trustForwarded };
}

function targetOf(request: Request, { prefix = "" }: ProxySiteOptions): string {
  const { pathname, search } = new URL(request.url);
  const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : pathname;
  return `${path.startsWith("/") ? path : `/${path}`}${search}`;
}

/** The time that one request may take until its answer begins. */
interface Clock {
  /** Aborts when it is over, or the client has left. */
  readonly signal: AbortSignal;
  /** Begins anew, unless it was stopped. */
  restart(): void;
  /** There is an answer. */
  stop(): void;
}

function clockOf(
  { signal: client }: Request,
  { timeoutMs = TIMEOUT_MS }: ProxySiteOptions,
): Clock {
  const controller = new AbortController();
  const late = (): void => controller.abort(new DOMException("No answer in time", "TimeoutError"));
  let timer = setTimeout(late, timeoutMs);
  let running = true;
  return {
    signal: AbortSignal.any([controller.signal, client]),
    restart(): void {
      clearTimeout(timer);
      if (running) timer = setTimeout(late, timeoutMs);
    },
    stop(): void {
      running = false;
      clearTimeout(timer);
    },
  };
}

/** `Request` gives most methods a body, an empty one where none was sent. */
function hasBody({ headers }: Request, { alpn }: HttpInfo): boolean {
  return alpn !== "http/1.1" || headers.has("content-length") || headers.has("transfer-encoding");
}

function responseOf({ status, fields, body }: H1Response): Response {
  const connection = valuesOf(fields, "connection").join();
  const dropped = new Set(ofConnection(connection));
  const empty = status === 204 || status === 205;
  if (empty) dropped.add("content-length"); // clients of HTTP/2 would wait for that much
  const headers = new Headers();
  for (const [name, value] of fields) if (!dropped.has(name)) headers.append(name, value);
  if (!WITHOUT_CONTENT.has(status)) return new Response(body ?? "", { status, headers });
  body?.cancel().catch(() => {}); // it should not be there, and the connection ends with it
  return new Response(null, { status, headers });
}

function failure(error: unknown, { signal }: Request): Response {
  const late = error instanceof DOMException && error.name === "TimeoutError";
  const busy = error instanceof BusyError;
  const known = late || busy || signal.aborted || error instanceof UnreachableError ||
    error instanceof H1Error;
  if (known) log.info("proxy.failed", { error });
  else log.warn("proxy.failed", { error });
  if (busy) return new Response("Service unavailable\n", { status: 503 });
  return late
    ? new Response("Gateway timeout\n", { status: 504 })
    : new Response("Bad gateway\n", { status: 502 });
}
