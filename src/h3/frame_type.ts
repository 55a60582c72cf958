import { varintLength, writeVarint } from "./varint.ts";

/** Frame types (RFC 9114 section 7.2, RFC 9218 section 7.2, WebTransport over HTTP/3). */
export const FrameType = {
  /** Content. */
  Data: 0x00,
  /** A field section. */
  Headers: 0x01,
  /** Gives up a server push. */
  CancelPush: 0x03,
  /** Connection parameters. */
  Settings: 0x04,
  /** Announces a server push. */
  PushPromise: 0x05,
  /** Announces the end of the connection. */
  Goaway: 0x07,
  /** Allows server pushes. */
  MaxPushId: 0x0d,
  /** Turns a bidirectional stream over to a WebTransport session; has no length. */
  WebTransportStream: 0x41,
  /** Changes the priority of a request. */
  PriorityUpdateRequest: 0xf0700,
  /** Changes the priority of a push. */
  PriorityUpdatePush: 0xf0701,
} as const;

/** Types of HTTP/2 that HTTP/3 forbids (RFC 9114 section 7.2.8). */
const HTTP2_TYPES: ReadonlySet<number> = new Set([0x02, 0x06, 0x08, 0x09]);

/** Whether a type is one of HTTP/2 that must not be sent. */
export function isHttp2FrameType(type: number): boolean {
  return HTTP2_TYPES.has(type);
}

/** Types of unidirectional streams (RFC 9114 section 6.2, RFC 9204 section 4.2). */
export const StreamType = {
  /** Control frames. */
  Control: 0x00,
  /** A server push. */
  Push: 0x01,
  /** Instructions of a QPACK encoder. */
  QpackEncoder: 0x02,
  /** Instructions of a QPACK decoder. */
  QpackDecoder: 0x03,
  /** A stream of a WebTransport session. */
  WebTransport: 0x54,
} as const;

/** Writes type and length of a frame. */
export function frameHeader(type: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(varintLength(type) + varintLength(length));
  writeVarint(bytes, writeVarint(bytes, 0, type), length);
  return bytes;
}

/**
 * One frame, of several parts of payload.
 *
 * @returns The frame as it goes onto the wire, a copy.
 */
export function encodeFrame(type: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const start = varintLength(type) + varintLength(length);
  const bytes = new Uint8Array(start + length);
  let offset = writeVarint(bytes, writeVarint(bytes, 0, type), length);
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
