import type { Connection, Stream } from "@alknet/core";

import type { EventEnvelope } from "./envelope.ts";
import { FrameWriter } from "./frame_writer.ts";
import { encodeFrame, type Frame, FrameDecoder, LENGTH_BYTES } from "./frames.ts";
import type { Carrier, FramePort, PortBounds, PortMaker } from "./port.ts";

const READ_BYTES = 32_768;

/** A connection as a carrier: each of its streams is a port. */
export function connectionCarrier(conn: Connection): Carrier {
  return {
    incoming: portsOf(conn.streams),
    open: async () => maker(await conn.openStream()),
    closed: conn.closed,
  };
}

async function* portsOf(streams: AsyncIterable<Stream>): AsyncIterable<PortMaker> {
  for await (const stream of streams) yield maker(stream);
}

function maker(stream: Stream): PortMaker {
  return (bounds) => new StreamPort(stream, bounds);
}

/** A stream of bytes: each frame has its length before it. */
class StreamPort implements FramePort {
  readonly #stream: Stream;
  readonly #bounds: PortBounds;
  readonly #writer: FrameWriter;
  readonly #decoder: FrameDecoder;

  constructor(stream: Stream, bounds: PortBounds) {
    this.#stream = stream;
    this.#bounds = bounds;
    this.#writer = new FrameWriter((bytes) => stream.write(bytes));
    this.#decoder = new FrameDecoder(bounds);
  }

  async read(take: (frame: Frame) => Promise<void> | undefined): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    const next = (): Promise<number | null> => this.#stream.read(buffer);
    try {
      for (let count = await next(); count !== null; count = await next()) {
        for (const frame of this.#decoder.push(buffer.subarray(0, count))) {
          const wait = take(frame);
          if (wait) await wait;
        }
      }
      this.#decoder.end();
    } finally {
      this.#bounds.reserve(0);
    }
  }

  async skip(): Promise<void> {
    const waste = new Uint8Array(READ_BYTES);
    while (await this.#stream.read(waste) !== null);
  }

  async send(envelope: EventEnvelope, admit?: (bytes: number) => void): Promise<number> {
    const frame = encodeFrame(envelope);
    admit?.(frame.length - LENGTH_BYTES);
    await this.#writer.send(frame);
    return frame.length - LENGTH_BYTES;
  }

  async end(): Promise<void> {
    await this.#writer.flushed();
    await this.#stream.closeWrite();
  }

  reset(): void {
    this.#stream.reset();
  }
}
