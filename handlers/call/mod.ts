/**
 * Structured requests between peers: call, subscribe and batch, both ways on one connection.
 *
 * {@linkcode call} is the handler, {@linkcode connectCall} its client; either can serve operations,
 * through a {@linkcode Dispatcher}. The wire format is docs/protocol/call.md. From bytes to handler:
 * `stream_port.ts` or `socket_port.ts` (bytes) → `frames.ts` → `lane.ts` → `session.ts` (by type) → `inbound_request.ts` → dispatcher,
 * and back the same road.
 *
 * @module
 */
export * from "./call.ts";
export * from "./call_error.ts";
export type { BatchCall, BatchRequest, CallClient } from "./client.ts";
export * from "./connect_call.ts";
export { type CallRequest, type Dispatcher, type Ref, ref } from "@alknet/operations";
export {
  CallWireError,
  decodeEnvelope,
  encodeEnvelope,
  type EventEnvelope,
  HARD_MAX_BYTES,
  type WireFault,
} from "./envelope.ts";
export { encodeFrame, type Frame, FrameDecoder, type FrameDecoderOptions } from "./frames.ts";
export type { CallLimits } from "./limits.ts";
export { SocketClose, type SocketCloseCode } from "./socket_close.ts";
export { callOverWebSocket } from "./web_socket.ts";
export type { RequestOptions, SubscribeOptions } from "./outbound.ts";
