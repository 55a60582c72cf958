import type { SendStream } from "@alknet/core";

import { H3ErrorCode } from "./error_code.ts";
import { H3StreamError } from "./errors.ts";
import type { FieldCodec } from "./field_codec.ts";
import { encodeFrame, frameHeader, FrameType } from "./frame_type.ts";
import { concat } from "./outbox.ts";
import { fieldLineBytes } from "./qpack/dynamic_table.ts";
import type { FieldLine } from "./qpack/static_table.ts";

/** Up to here content is copied behind its frame's header; above, it is written by itself. */
const COPY_BYTES = 16_384;
/** A frame of a type reserved for being ignored (RFC 9114 section 7.2.8), empty. */
const IGNORED_FRAME = new Uint8Array([0x21, 0x00]);
/**
 * Trailers with a pseudo-header field, which make any message malformed. They end messages that
 * break off: Deno's QUIC sends FIN where RESET_STREAM is meant, and without them the part that
 * arrived would pass for the whole.
 */
const BROKEN_TRAILERS: readonly FieldLine[] = [[":status", "500"]];

/** Writes one message to a request stream: heads, content, trailers; each part as soon as given. */
export class MessageWriter {
  readonly #stream: SendStream;
  readonly #streamId: number;
  readonly #codec: FieldCodec;
  #state: "open" | "content" | "ended" = "open";
  #held: Uint8Array[] = [];
  #writing = 0;
  #broken = false;

  /** Writes nothing yet. */
  constructor(stream: SendStream, streamId: number, codec: FieldCodec) {
    this.#stream = stream;
    this.#streamId = streamId;
    this.#codec = codec;
  }

  /** Whether nothing was written yet but heads of 1xx. */
  get fresh(): boolean {
    return this.#state === "open";
  }

  /** Whether the message was written to its end. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  /** Whether the peer no longer takes what is written. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Writes a head that another one follows. */
  async informational(lines: readonly FieldLine[]): Promise<void> {
    await this.#write(this.#section(lines));
  }

  /** Takes the head; it goes out together with what follows. */
  head(lines: readonly FieldLine[]): void {
    this.#held.push(this.#section(lines));
    this.#state = "content";
  }

  /** Writes what is held back. */
  async flush(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    if (held.length > 0) await this.#write(concat(held));
  }

  /** Writes a frame of content. */
  async content(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#held.push(frameHeader(FrameType.Data, bytes.length));
    if (bytes.length <= COPY_BYTES) {
      this.#held.push(bytes);
      return await this.flush();
    }
    await this.#write(concat(this.#held.splice(0)), bytes);
  }

  /** Ends the message, with trailers if there are any. */
  async end(trailers: readonly FieldLine[] = []): Promise<void> {
    if (this.#state === "ended") return;
    this.#state = "ended";
    if (trailers.length > 0) this.#held.push(this.#section(trailers));
    await this.flush();
    await this.#stream.closeWrite().catch((error) => this.#failed(error));
  }

  /**
   * Writes a frame that means nothing, which fails when the peer reads no longer. What is being
   * written tells that by itself, and must not be cut in two.
   */
  async probe(): Promise<void> {
    if (this.#writing === 0) await this.#write(IGNORED_FRAME);
  }

  /** Breaks the message off so that nobody takes it for complete. */
  async breakOff(): Promise<void> {
    if (this.#state === "ended") return;
    await this.end(BROKEN_TRAILERS);
  }

  async #write(...parts: Uint8Array[]): Promise<void> {
    this.#writing++;
    try {
      // Both are given at once, so that nothing comes between a frame's header and its payload.
      await Promise.all(parts.map((part) => this.#stream.write(part)));
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#writing--;
    }
  }

  #failed(error: unknown): never {
    this.#broken = true;
    throw error;
  }

  #section(lines: readonly FieldLine[]): Uint8Array<ArrayBuffer> {
    const bytes = lines.reduce((sum, line) => sum + fieldLineBytes(line), 0);
    if (bytes > this.#codec.maxPeerSectionBytes) {
      const message = `Field section of ${bytes} bytes: the peer takes less`;
      throw new H3StreamError(H3ErrorCode.InternalError, message, { status: 500 });
    }
    return encodeFrame(FrameType.Headers, this.#codec.encode(this.#streamId, lines));
  }
}
