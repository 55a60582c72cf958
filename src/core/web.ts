/**
 * What of the core runs in browsers too: errors, and streams over what the platform has.
 * `tests/arch_test.ts` keeps Deno and Node out of everything this module imports.
 *
 * @module
 */
export type {
  Address,
  CloseInfo,
  Connection,
  Datagrams,
  ReceiveStream,
  SendStream,
  Stream,
  TransportName,
  UniStreams,
} from "./connection.ts";
export * from "./errors.ts";
export type { Identity } from "./identity.ts";
export { type DuplexHalves, duplexStream } from "./transport/duplex_stream.ts";
export {
  webSocketConnection,
  type WebSocketConnectionOptions,
} from "./transport/web_socket_connection.ts";
