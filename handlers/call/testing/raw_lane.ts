import type { Connection, Stream } from "@alknet/core";

import { encodeFrame, type EventEnvelope, FrameDecoder } from "../mod.ts";
import type { RawEnvelopes } from "./source.ts";

/** A stream with frames written and read by hand. */
export class RawLane implements RawEnvelopes {
  readonly stream: Stream;
  readonly #decoder = new FrameDecoder();
  readonly #queue: EventEnvelope[] = [];

  constructor(stream: Stream) {
    this.stream = stream;
  }

  /** Sends envelopes, one after another. */
  send(...events: EventEnvelope[]): Promise<void> {
    return this.write(...events.map((event) => encodeFrame(event)));
  }

  /** Sends a frame of length 0. */
  sendGarbage(): Promise<void> {
    return this.write(new Uint8Array(4));
  }

  /** Ends this direction. */
  end(): Promise<void> {
    return this.stream.closeWrite();
  }

  /** Sends bytes. */
  async write(...parts: Uint8Array[]): Promise<void> {
    for (const part of parts) await this.stream.write(part);
  }

  /** The next frame, or undefined at the end. */
  async next(): Promise<EventEnvelope | undefined> {
    const buffer = new Uint8Array(65_536);
    while (this.#queue.length === 0) {
      const count = await this.stream.read(buffer);
      if (count === null) return undefined;
      for (const { envelope } of this.#decoder.push(buffer.subarray(0, count))) {
        this.#queue.push(envelope);
      }
    }
    return this.#queue.shift();
  }
}

/** Opens a stream for frames made by hand. */
export async function rawLane(conn: Connection): Promise<RawLane> {
  return new RawLane(await conn.openStream());
}

/** A `call.requested` made by hand. */
export function request(id: string, operationId: unknown, more: object = {}): EventEnvelope {
  return { type: "call.requested", id, payload: { operationId, input: null, ...more } };
}
