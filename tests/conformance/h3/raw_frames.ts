import type { ReceiveStream } from "@alknet/core";
import { QpackDecoder } from "@alknet/h3/qpack";

/** Frame types, as RFC 9114 section 7.2 numbers them. */
export const FrameType = {
  Data: 0x00,
  Headers: 0x01,
  CancelPush: 0x03,
  Settings: 0x04,
  PushPromise: 0x05,
  Goaway: 0x07,
  MaxPushId: 0x0d,
} as const;

/** A frame of a response. */
export interface RawFrame {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Reads a stream to its end, which must be the end of a frame. */
export async function readFrames(stream: Pick<ReceiveStream, "read">): Promise<RawFrame[]> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(65_536);
  for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
    bytes.push(...buffer.subarray(0, count));
  }
  const frames: RawFrame[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const [type, atLength] = varintAt(bytes, offset);
    const [length, start] = varintAt(bytes, atLength);
    frames.push({ type, payload: new Uint8Array(bytes.slice(start, start + length)) });
    offset = start + length;
    if (offset > bytes.length) throw new RangeError("Response ends within a frame");
  }
  return frames;
}

/** The status of a response, in its last HEADERS that has one. */
export function statusOf(frames: readonly RawFrame[]): string | undefined {
  const limits = { maxTableBytes: 0, maxBlockedStreams: 0, maxFieldSectionBytes: 65_536 };
  return frames.filter(({ type }) => type === FrameType.Headers)
    .map(({ payload }) => new QpackDecoder(limits).decode(0, payload) ?? [])
    .flatMap((lines) => lines.filter(([name]) => name === ":status"))
    .map(([, value]) => value).at(0);
}

function varintAt(bytes: readonly number[], offset: number): [value: number, end: number] {
  const first = bytes[offset] ?? 0;
  const length = 1 << (first >> 6);
  let value = first & 0x3f;
  for (let index = 1; index < length; index++) value = value * 256 + (bytes[offset + index] ?? 0);
  return [value, offset + length];
}
