import { hasScope, type Identity } from "@alknet/core";

import { callerOf } from "./caller.ts";
import type { HttpInfo } from "./http_info.ts";

/** What {@linkcode bearer} can be told. */
export interface BearerOptions {
  /** A scope the caller must have. Default: any known caller will do. */
  readonly scope?: string;
  /** Whether callers without a token are let through, without an identity. Default: false. */
  readonly optional?: boolean;
}

/** As much of a Hono context as {@linkcode bearer} touches. */
export interface BearerContext {
  /** The request. */
  readonly req: {
    /** Reads a header. */
    header(name: string): string | undefined;
  };
  /** What the connection told. */
  readonly env: HttpInfo;
  /** Keeps the identity for the handlers to come. */
  set(key: "identity", identity: Identity | undefined): void;
}

/** Middleware for Hono apps whose environment is `HttpEnv`. */
export type BearerMiddleware = (
  c: BearerContext,
  next: () => Promise<void>,
) => Promise<Response | void>;

/**
 * Middleware that finds out who calls: by the bearer token (RFC 6750), else by the client
 * certificate of the connection. The identity is `c.get("identity")` from there on.
 *
 * A token that nobody has is refused also where tokens are optional.
 *
 * @param options Who may pass.
 * @returns Middleware for a Hono app served by `http()`.
 *
 * @example
 * ```ts
 * import { NOBODY } from "@alknet/core";
 * import { bearer, type HttpEnv } from "@alknet/http";
 * import { Hono } from "hono";
 * import { strictEqual } from "node:assert/strict";
 *
 * const app = new Hono<HttpEnv>();
 * app.use("/admin/*", bearer({ scope: "admin:read" }));
 * app.get("/admin/state", (c) => c.text(`hello ${c.get("identity")?.id}`));
 *
 * const info = { identities: NOBODY, auth: {} };
 * strictEqual((await app.request("/admin/state", {}, info)).status, 401);
 * ```
 */
export function bearer(options: BearerOptions = {}): BearerMiddleware {
  return async (c, next) => {
    const { identity, token } = callerOf(c.req.header("authorization"), c.env);
    const refusal = refusalOf(options, identity, token !== undefined);
    if (refusal) return refusal;
    c.set("identity", identity);
    await next();
  };
}

/** RFC 6750 section 3.1: nothing known 401, a bad token 401 with its code, too little 403. */
function refusalOf(
  { scope, optional = false }: BearerOptions,
  identity: Identity | undefined,
  hasToken: boolean,
): Response | undefined {
  if (!identity && hasToken) return refuse(401, 'error="invalid_token"');
  if (!identity && !optional) return refuse(401);
  if (!scope || hasScope(identity, scope)) return undefined;
  return identity ? refuse(403, `error="insufficient_scope", scope="${scope}"`) : refuse(401);
}

function refuse(status: 401 | 403, detail?: string): Response {
  const challenge = detail ? `Bearer realm="alknet", ${detail}` : 'Bearer realm="alknet"';
  const text = status === 401 ? "Unauthorized\n" : "Forbidden\n";
  return new Response(text, { status, headers: { "www-authenticate": challenge } });
}
