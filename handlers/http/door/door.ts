import { hasScope, type Identity, networkOf } from "@alknet/core";
import { getLogger } from "@logtape/logtape";

import { callerOf } from "../caller.ts";
import type { FetchHandler, HttpInfo } from "../http_info.ts";
import { RequestMetrics } from "../metrics/request_metrics.ts";
import { Cors } from "./cors.ts";
import type { WebLimits } from "./limits.ts";
import { Places } from "./places.ts";
import { HttpProblem, problemResponse, tooMany, unauthorized } from "./problem.ts";
import { type RouteGroup, scopeOf } from "./route_groups.ts";
import { TokenBuckets } from "./token_buckets.ts";
import type { Answer, Visit } from "./visit.ts";

/** Settings of a {@linkcode Door}. */
export interface DoorOptions {
  /** What strangers see in place of what is hidden. */
  readonly elsewhere: FetchHandler;
  /** Groups of routes that strangers see. */
  readonly visible: ReadonlySet<RouteGroup>;
  /** Origins whose pages may read answers. */
  readonly corsOrigins: readonly string[];
  /** What callers may do. */
  readonly limits: WebLimits;
}

/** A route, as the door knows it. */
export interface Route {
  /** What it belongs to. */
  readonly group: RouteGroup;
  /** What metrics call it. */
  readonly name: string;
  /** Its methods. */
  readonly methods: readonly string[];
  /** What a refusal tells beside the usual, for clients that look for a token. Default: nothing. */
  readonly challenge?: (visit: Visit) => Readonly<Record<string, string>>;
}

const log = getLogger(["alknet", "http"]);

const HEADERS: Readonly<Record<string, string>> = {
  "server": "nginx", // as the decoy claims
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * What every request of the node's own routes passes: is the route to be seen, who asks, how fast,
 * how much at once. Then the route answers, and its answer is dressed and counted.
 */
export class Door {
  /** What happened here. */
  readonly metrics: RequestMetrics = new RequestMetrics();
  /** What callers may do. */
  readonly limits: WebLimits;
  readonly #elsewhere: FetchHandler;
  readonly #visible: ReadonlySet<RouteGroup>;
  readonly #cors: Cors;
  readonly #identityRate: TokenBuckets;
  readonly #addressRate: TokenBuckets;
  readonly #identityPlaces: Places;
  readonly #addressPlaces: Places;

  /** Begins with nobody inside. */
  constructor({ elsewhere, visible, corsOrigins, limits }: DoorOptions) {
    this.#elsewhere = elsewhere;
    this.limits = limits;
    this.#visible = visible;
    this.#cors = new Cors(corsOrigins);
    const { ratePerIdentity, burstPerIdentity, maxRatedCallers: maxKeys } = limits;
    const { ratePerAddress, burstPerAddress } = limits;
    this.#identityRate = buckets(ratePerIdentity, burstPerIdentity, maxKeys);
    this.#addressRate = buckets(ratePerAddress, burstPerAddress, maxKeys);
    this.#identityPlaces = new Places(limits.maxRequestsPerIdentity);
    this.#addressPlaces = new Places(limits.maxRequestsPerAddress);
  }

  /** Whether a stranger has not asked too often. */
  admitsStranger({ remoteAddr }: HttpInfo): boolean {
    return this.#addressRate.take(networkOf(remoteAddr.hostname)) === 0;
  }

  /**
   * Answers a request for a route so simple that it answers whoever may see it, without limit, in a
   * way that says no more than any server would; or shows what is elsewhere.
   */
  async glance(
    group: RouteGroup,
    request: Request,
    info: HttpInfo,
    answer: () => Response | Promise<Response>,
  ): Promise<Response> {
    const { identity } = callerOf(authorizationOf(request), info);
    const seen = identity !== undefined || this.#visible.has(group);
    return await (seen && hasMethod(request, ["GET"]) ? answer() : this.#elsewhere(request, info));
  }

  /** Answers a request for a route, or shows what is elsewhere. */
  async enter(route: Route, request: Request, info: HttpInfo, answer: Answer): Promise<Response> {
    if (request.method === "OPTIONS") {
      const preflight = this.#cors.preflight(request, route.methods);
      if (preflight) return preflight;
    }
    const { identity, token } = callerOf(authorizationOf(request), info);
    if (!identity && !this.#visible.has(route.group)) {
      this.metrics.refused("hidden");
      return this.#elsewhere(request, info);
    }
    const startedAt = performance.now();
    const requestId = crypto.randomUUID();
    using stack = new DisposableStack();
    const response = await this.#answer(answer, route, {
      request,
      url: new URL(request.url),
      info,
      identity,
      requestId,
      callerKey: keyOf(identity, info),
      identityNow: () => callerOf(authorizationOf(request), info).identity,
      hold: () => stack.move(),
    }, { stack, badToken: !identity && token !== undefined });
    this.metrics.answered(route.name, response.status, (performance.now() - startedAt) / 1_000);
    return this.#dress(response, request, requestId);
  }

  async #answer(
    answer: Answer,
    { group, methods, challenge }: Route,
    visit: Visit,
    { stack, badToken }: { stack: DisposableStack; badToken: boolean },
  ): Promise<Response> {
    try {
      stack.use(this.#admit(visit));
      if (badToken) {
        this.metrics.refused("token");
        throw unauthorized(401, "Token not known", {
          error: "invalid_token",
          ...challenge?.(visit),
        });
      }
      checkScope(visit.identity, scopeOf(group));
      checkMethod(visit.request, methods);
      return await answer(visit);
    } catch (error) {
      if (error instanceof HttpProblem) return problemResponse(error);
      log.warn("request.failed", { requestId: visit.requestId, group, error });
      const { requestId } = visit;
      const details = { correlationId: requestId };
      return problemResponse(new HttpProblem(500, "INTERNAL", "Internal error", { details }));
    }
  }

  /** Takes a token and a place. */
  #admit({ identity, callerKey }: Visit): Disposable {
    const waitMs = (identity ? this.#identityRate : this.#addressRate).take(callerKey);
    if (waitMs > 0) {
      this.metrics.refused("rate");
      throw tooMany("Too many requests", waitMs);
    }
    const place = (identity ? this.#identityPlaces : this.#addressPlaces).take(callerKey);
    if (place) return place;
    this.metrics.refused("concurrency");
    throw tooMany("Too many requests under way", 1_000);
  }

  #dress(response: Response, { headers }: Request, requestId: string): Response {
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
    response.headers.set("x-request-id", requestId);
    this.#cors.dress(response, headers.get("origin"));
    return response;
  }
}

function buckets(perSecond: number, burst: number, maxKeys: number): TokenBuckets {
  return new TokenBuckets({ perSecond, burst, maxKeys });
}

function authorizationOf({ headers }: Request): string | undefined {
  return headers.get("authorization") ?? undefined;
}

/** Identities and networks never meet: a network has no space in it. */
function keyOf(identity: Identity | undefined, { remoteAddr }: HttpInfo): string {
  return identity ? `identity ${identity.id}` : networkOf(remoteAddr.hostname);
}

function checkScope(identity: Identity | undefined, scope: string | undefined): void {
  if (scope === undefined || hasScope(identity, scope)) return;
  if (!identity) throw unauthorized(401, "Authentication required");
  throw unauthorized(403, `Missing required scope: ${scope}`, {
    error: "insufficient_scope",
    scope,
  });
}

function hasMethod({ method }: Request, methods: readonly string[]): boolean {
  return methods.includes(method) || (method === "HEAD" && methods.includes("GET"));
}

function checkMethod(request: Request, methods: readonly string[]): void {
  if (hasMethod(request, methods)) return;
  const { method } = request;
  throw new HttpProblem(405, "METHOD_NOT_ALLOWED", `Method ${method.slice(0, 20)} not allowed`, {
    headers: { allow: methods.join(", ") },
  });
}
