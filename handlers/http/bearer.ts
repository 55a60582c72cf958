import { hasScope, type Identity } from "@alknet/core";
import type { Context, MiddlewareHandler } from "hono";

import type { HttpEnv } from "./http_info.ts";

/** What {@linkcode bearer} can be told. */
export interface BearerOptions {
  /** A scope the caller must have. Default: any known caller will do. */
  readonly scope?: string;
  /** Whether callers without a token are let through, without an identity. Default: false. */
  readonly optional?: boolean;
}

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
export function bearer(options: BearerOptions = {}): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const token = tokenOf(c.req.header("authorization"));
    const identity = token === undefined ? c.env.auth.identity : c.env.identities.fromToken(token);
    const refusal = refusalOf(c, options, identity, token !== undefined);
    if (refusal) return refusal;
    c.set("identity", identity);
    await next();
  };
}

/** The token of an Authorization header; empty, which nobody has, for a malformed one. */
function tokenOf(header: string | undefined): string | undefined {
  const [, credentials] = /^bearer(?: +(.*))?$/i.exec(header ?? "") ?? [];
  if (header === undefined || !/^bearer\b/i.test(header)) return undefined;
  return /^[\w.~+/-]+=*$/.test(credentials ?? "") ? credentials : "";
}

/** RFC 6750 section 3.1: nothing known 401, a bad token 401 with its code, too little 403. */
function refusalOf(
  c: Context<HttpEnv>,
  { scope, optional = false }: BearerOptions,
  identity: Identity | undefined,
  hasToken: boolean,
): Response | undefined {
  if (!identity && hasToken) return refuse(c, 401, 'error="invalid_token"');
  if (!identity && !optional) return refuse(c, 401);
  if (!scope || hasScope(identity, scope)) return undefined;
  return identity ? refuse(c, 403, `error="insufficient_scope", scope="${scope}"`) : refuse(c, 401);
}

function refuse(c: Context<HttpEnv>, status: 401 | 403, detail?: string): Response {
  const challenge = detail ? `Bearer realm="alknet", ${detail}` : 'Bearer realm="alknet"';
  const text = status === 401 ? "Unauthorized\n" : "Forbidden\n";
  return c.text(text, status, { "www-authenticate": challenge });
}
