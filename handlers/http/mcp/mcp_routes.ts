import type { Hono } from "hono";

import type { Door, Route } from "../door/door.ts";
import { HttpProblem, unauthorized } from "../door/problem.ts";
import type { Answer, Visit } from "../door/visit.ts";
import type { OperationSource } from "../gateway/catalogue.ts";
import type { HttpEnv } from "../http_info.ts";
import { heldUntilRead } from "./held_until_read.ts";
import type { McpHandler } from "./mcp_handler.ts";
import type { McpOptions } from "./mcp_options.ts";

const PATH = "/mcp";
const METADATA = "/.well-known/oauth-protected-resource";

/** Settings of {@linkcode mcpRoutes}. */
export interface McpRoutesOptions {
  /** What there is to call. */
  readonly source: OperationSource;
  /** What every request passes. */
  readonly door: Door;
  /** Whose pages may ask. */
  readonly corsOrigins: readonly string[];
  /** What is configured. */
  readonly mcp: McpOptions;
}

/** `/mcp`, and the document by which its clients find out where tokens come from. */
export function mcpRoutes(app: Hono<HttpEnv>, options: McpRoutesOptions): Disposable {
  const { door, source, mcp } = options;
  let loading: Promise<McpHandler> | undefined;
  const handler = (): Promise<McpHandler> =>
    loading ??= import("./mcp_handler.ts")
      .then(({ mcpHandler }) => mcpHandler({ source, limits: door.limits, mcp }));
  const add = (path: string, methods: readonly string[], answer: Answer): void => {
    const route: Route = { group: "mcp", name: path, methods, challenge };
    app.all(path, (c) => door.enter(route, c.req.raw, c.env, answer));
  };
  add(PATH, ["GET", "POST", "DELETE"], async (visit) => {
    checkHost(visit);
    checkOrigin(visit, options.corsOrigins);
    if (!visit.identity) throw unauthorized(401, "Authentication required", challenge(visit));
    using stack = new DisposableStack();
    const response = await (await handler()).answer(visit, stack.use(whileKnown(visit)).signal);
    response.headers.delete("connection"); // not for HTTP/2, and the server's business
    stack.use(visit.hold());
    return heldUntilRead(response, stack.move());
  });
  const metadata: Answer = ({ url }) => json(metadataOf(url, mcp));
  add(METADATA, ["GET"], metadata);
  add(METADATA + PATH, ["GET"], metadata);
  return { [Symbol.dispose]: () => void loading?.then((each) => each.close()) };
}

/** RFC 9728 section 5.1: where a client that was refused finds the document. */
function challenge({ url }: Pick<Visit, "url">): Readonly<Record<string, string>> {
  return { resource_metadata: `${url.origin}${METADATA}${PATH}` };
}

/** RFC 9728 section 2. */
function metadataOf({ origin }: URL, { name, authorizationServers = [] }: McpOptions): unknown {
  return {
    resource: `${origin}${PATH}`,
    bearer_methods_supported: ["header"],
    ...(authorizationServers.length > 0 ? { authorization_servers: authorizationServers } : {}),
    ...(name === undefined ? {} : { resource_name: name }),
  };
}

/**
 * DNS rebinding: a page whose name has come to lead here asks with that name as its host. A host
 * that TLS has verified, an address or `localhost` is nobody else's name.
 */
function checkHost({ url: { hostname }, info }: Visit): void {
  const isAddress = hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(hostname);
  if (isAddress || hostname === "localhost" || hostname === info.serverName?.toLowerCase()) return;
  throw new HttpProblem(403, "FORBIDDEN", "The host is not this server's");
}

/** Pages of others may not ask, also not with a visitor's client certificate. */
function checkOrigin({ request, url }: Visit, corsOrigins: readonly string[]): void {
  const origin = request.headers.get("origin");
  if (origin === null || origin === url.origin || corsOrigins.includes(origin)) return;
  throw new HttpProblem(403, "FORBIDDEN", "The origin is not allowed");
}

/** Ends with the request, and once its caller is not known any more. */
function whileKnown(visit: Visit): { readonly signal: AbortSignal } & Disposable {
  const gone = new AbortController();
  const release = visit.info.identities.onChange(() => {
    if (visit.identityNow()?.id !== visit.identity?.id) gone.abort();
  });
  const signal = AbortSignal.any([visit.request.signal, gone.signal]);
  return { signal, [Symbol.dispose]: release };
}

function json(value: unknown): Response {
  return new Response(JSON.stringify(value) + "\n", {
    headers: { "content-type": "application/json" },
  });
}
