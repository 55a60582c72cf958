/**
 * The core of alknet: one port, many protocols, dispatched by the TLS handshake.
 *
 * A packet's way through this package: `transport/` (bytes in, handshake done, ALPN known) →
 * `endpoint.ts` (limits) → `session.ts` (proof of the peer's key, then the handler) → your handler.
 *
 * ```ts
 * import { forEachStream, serve } from "@alknet/core";
 * import { ok } from "node:assert/strict";
 *
 * await using node = await serve({
 *   hostname: "127.0.0.1",
 *   handlers: [{
 *     name: "shout",
 *     alpn: ["example/shout"],
 *     accept: (conn) => forEachStream(conn, (stream) => stream.readable.pipeTo(stream.writable)),
 *   }],
 * });
 * ok(node.addr.port > 0);
 * ```
 *
 * @module
 */
export { networkOf } from "./admission.ts";
export { backoffMs, type BackoffOptions, pause } from "./backoff.ts";
export * from "./breathe.ts";
export * from "./carriage.ts";
export * from "./certificate.ts";
export * from "./certificate_source.ts";
export * from "./close_code.ts";
export * from "./join_identities.ts";
export * from "./config_identities.ts";
export * from "./command_service.ts";
export * from "./connection.ts";
export type { ConnectionInfo, EndpointEvent } from "./connection_info.ts";
export * from "./endpoint.ts";
export * from "./enrolment.ts";
export * from "./errors.ts";
export * from "./file_service.ts";
export * from "./handler.ts";
export * from "./identity.ts";
export type { Counters, Limits } from "./limits.ts";
export * from "./leaf_pem.ts";
export { DEFAULT_LIMITS } from "./limits.ts";
export type { ListenerInfo, ListenOptions } from "./listener.ts";
export type { NamedCertificates } from "./named_certificates.ts";
export * from "./node_id.ts";
export * from "./scope.ts";
export * from "./stores.ts";
export * from "./stream_service.ts";
export * from "./streams.ts";
export * from "./terminal_service.ts";
export type { RawConnection, RawTlsService } from "./transport/raw_tls.ts";
export type { Traffic } from "./transport/transport.ts";
export * from "./zbase32.ts";
