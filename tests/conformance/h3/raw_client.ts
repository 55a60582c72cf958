import { dial } from "@alknet/client";
import type { Connection, SendStream, Stream } from "@alknet/core";
import { FrameType, type RawFrame, readFrames } from "./raw_frames.ts";

/** Static entries of a request for `/` (RFC 9204 appendix A), the authority as a literal. */
export const GOOD_SECTION = section([
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "localhost"],
  [":path", "/"],
]);

/** An HTTP/3 connection without HTTP/3: whatever bytes a test wants, on whatever stream. */
export class RawClient implements AsyncDisposable {
  readonly conn: Connection;

  private constructor(conn: Connection) {
    this.conn = conn;
  }

  /** Dials; nothing is sent yet. */
  static async dial(target: string): Promise<RawClient> {
    return new RawClient(await dial(target, { alpn: "h3", transports: ["quic"] }));
  }

  /** Opens a one-way stream that begins with those bytes. */
  async uni(...bytes: number[]): Promise<SendStream> {
    const stream = await this.conn.uni?.open();
    if (!stream) throw new TypeError("No one-way streams");
    await stream.write(new Uint8Array(bytes));
    return stream;
  }

  /** Opens a control stream with SETTINGS, and what follows them. */
  control(...bytes: number[]): Promise<SendStream> {
    return this.uni(0x00, ...frame(FrameType.Settings), ...bytes);
  }

  /** Opens a request stream with those bytes; ends it unless told not to. */
  async request(bytes: readonly number[], { end = true } = {}): Promise<Stream> {
    const stream = await this.conn.openStream();
    await stream.write(new Uint8Array(bytes));
    if (end) await stream.closeWrite();
    return stream;
  }

  /** Makes a request of those bytes and returns the frames of the response. */
  async answer(bytes: readonly number[]): Promise<RawFrame[]> {
    return await readFrames(await this.request(bytes));
  }

  /** The code the server closes the connection with. */
  async closeCode(): Promise<number> {
    return (await this.conn.closed).code;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.conn.close(0x100);
    return Promise.resolve();
  }
}

/** A frame, byte by byte; types and lengths below 16,384. */
export function frame(type: number, payload: readonly number[] = []): number[] {
  return [...varint(type), ...varint(payload.length), ...payload];
}

/** A QUIC varint below 2^30. */
export function varint(value: number): number[] {
  if (value < 0x40) return [value];
  if (value < 0x4000) return [0x40 | value >> 8, value & 0xff];
  return [0x80 | value >> 24, value >> 16 & 0xff, value >> 8 & 0xff, value & 0xff];
}

/** A field section of literals without Huffman code or table (RFC 9204 section 4.5.6). */
export function section(lines: readonly (readonly [string, string])[]): number[] {
  return [
    0,
    0,
    ...lines.flatMap(([name, value]) => [...prefixed(0x20, 3, name), ...prefixed(0, 7, value)]),
  ];
}

/** HEADERS with literals. */
export function headers(...lines: (readonly [string, string])[]): number[] {
  return frame(FrameType.Headers, section(lines));
}

function prefixed(flags: number, prefix: number, text: string): number[] {
  const mask = 2 ** prefix - 1;
  const bytes = Array.from(text, (char) => char.charCodeAt(0));
  if (bytes.length < mask) return [flags | bytes.length, ...bytes];
  const length = [flags | mask];
  let rest = bytes.length - mask;
  for (; rest >= 128; rest >>= 7) length.push(0x80 | rest & 0x7f);
  return [...length, rest, ...bytes];
}
