import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError } from "./errors.ts";
import { readVarint, varintLength, varintLengthFrom, writeVarint } from "./varint.ts";

/** Quarter stream IDs above this have no stream (RFC 9297 section 2.1). */
const MAX_QUARTER_ID = 2 ** 60 - 1;

/** Bytes a datagram of a stream loses to its stream ID. */
export function datagramOverheadBytes(streamId: number): number {
  return varintLength(streamId / 4);
}

/** A datagram that belongs to a request stream, as QUIC carries it. */
export function encodeDatagram(streamId: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(datagramOverheadBytes(streamId) + payload.length);
  bytes.set(payload, writeVarint(bytes, 0, streamId / 4));
  return bytes;
}

/**
 * Reads a datagram.
 *
 * @throws {H3ConnectionError} `DatagramError` when it names no stream.
 */
export function decodeDatagram<T extends ArrayBufferLike>(
  bytes: Uint8Array<T>,
): { streamId: number; payload: Uint8Array<T> } {
  const quarter = readVarint(bytes, 0);
  if (quarter === undefined || quarter > MAX_QUARTER_ID) {
    throw new H3ConnectionError(H3ErrorCode.DatagramError, "Datagram without a stream");
  }
  return { streamId: quarter * 4, payload: bytes.subarray(varintLengthFrom(bytes[0] ?? 0)) };
}
