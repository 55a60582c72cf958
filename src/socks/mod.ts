/**
 * The door through which programs that know nothing of alknet use it: SOCKS 4, 4a and 5 with
 * `UDP ASSOCIATE`, and HTTP `CONNECT`, told apart by the first byte.
 *
 * From bytes to connection: `serve_proxy.ts` (a stream) → `handshake.ts` (which protocol, what
 * next) → `socks5.ts`, `socks4.ts`, `http_connect.ts` (parsers) → a {@linkcode ProxyRequest}, and
 * back through `reply.ts`. `datagram.ts` is the header around UDP.
 *
 * ```ts
 * import { ProxyHandshake } from "@alknet/socks";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const handshake = new ProxyHandshake();
 * const { request } = handshake.push(
 *   new TextEncoder().encode("CONNECT example.com:443 HTTP/1.1\r\n\r\n"),
 * );
 * deepStrictEqual(request?.destination, { hostname: "example.com", port: 443 });
 * ```
 *
 * @module
 */
export * from "./datagram.ts";
export * from "./errors.ts";
export * from "./handshake.ts";
export * from "./proxy_request.ts";
export { type ProxyOutcome, proxyReply } from "./reply.ts";
export * from "./serve_proxy.ts";
export type { ProxyCredentials } from "./socks5.ts";
