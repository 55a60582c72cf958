/**
 * What makes connections of sockets: for packages that bring connections of their own, such as
 * the dialling client. Handlers need nothing of this.
 *
 * @module
 */
export { AcceptQueue } from "./accept_queue.ts";
export { ChunkQueue } from "./chunk_queue.ts";
export { endsWithin } from "../ends_within.ts";
export { Lifetime } from "./lifetime.ts";
export { readableFrom, writableFrom } from "./web_streams.ts";
export { proveKey } from "../auth_exchange.ts";
export type { Binding, ServerBinding } from "../auth_wire.ts";
export { type ReadGate, readGate } from "./read_gate.ts";
export { type Socket, socketStream } from "./socket_stream.ts";
export {
  closeSocket,
  socketCloseCode,
  webSocketConnection,
  type WebSocketConnectionOptions,
} from "./web_socket_connection.ts";
export { QuicConnection } from "./quic_connection.ts";
export type { TlsReadOptions } from "./tls_stream.ts";
export { TlsConnection, type TlsConnectionOptions } from "./tls_connection.ts";
export type { SingleStream, Traffic, TransportConnection } from "./transport.ts";
