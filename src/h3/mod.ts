/**
 * HTTP/3 (RFC 9114) and WebTransport on connections of `@alknet/core`: a server that answers fetch
 * requests, and a client.
 *
 * A request's way through this package: `server.ts` (a stream of the connection) →
 * `message_reader.ts` (frames, by `frame_parser.ts` and `request_state.ts`; fields, by `qpack/`) →
 * `request_head.ts` (what is malformed goes no further) → `exchange.ts` → your handler →
 * `response.ts` → `message_writer.ts`.
 *
 * @module
 */
export { connectH3, type ConnectH3Options, H3Client, type H3RequestInit } from "./client.ts";
export { H3ErrorCode } from "./error_code.ts";
export { H3ConnectionError, H3GoingAwayError, H3StreamError } from "./errors.ts";
export type { H3Handler } from "./exchange.ts";
export type { H3Info, StreamUpgrade, UpgradeOptions, WebTransportUpgrade } from "./info.ts";
export { DEFAULT_H3_LIMITS, type H3Limits } from "./limits.ts";
export { parsePriority, type Priority } from "./priority.ts";
export { serveH3, type ServeH3Options } from "./server.ts";
export type { WebTransportSession } from "./web_transport_session.ts";
export {
  webTransportConnection,
  type WebTransportConnectionOptions,
} from "./webtransport/web_transport_connection.ts";
