import { ProtocolError, type ReceiveStream } from "@alknet/core";

/**
 * Fills a buffer from a stream.
 *
 * @param stream Where from.
 * @param frame Filled to its end.
 * @returns False when the stream ended before the first byte.
 * @throws {ProtocolError} When it ended after it.
 */
export async function readFrame(stream: ReceiveStream, frame: Uint8Array): Promise<boolean> {
  for (let filled = 0; filled < frame.length;) {
    const count = await stream.read(frame.subarray(filled));
    if (count === null && filled === 0) return false;
    if (count === null) throw new ProtocolError(`Stream ended ${filled} bytes into a frame`);
    filled += count;
  }
  return true;
}
