import { ConnectionClosedError, type ReceiveStream, StreamClosedError } from "@alknet/core";

import type { Role } from "./control_state.ts";
import { H3ErrorCode } from "./error_code.ts";
import { H3StreamError } from "./errors.ts";
import type { FieldCodec } from "./field_codec.ts";
import { type FrameEvent, FrameParser } from "./frame_parser.ts";
import type { FieldLine } from "./qpack/static_table.ts";
import { RequestState } from "./request_state.ts";
import { readTrailers } from "./response_head.ts";

/** What messages of one connection share. */
export interface MessageContext {
  /** Which end this is. */
  readonly role: Role;
  /** Decodes field sections. */
  readonly codec: FieldCodec;
  /** Largest field section. */
  readonly maxFieldSectionBytes: number;
  /** Whether streams may belong to WebTransport sessions. */
  readonly sessions: boolean;
  /** Counts a frame without effect; throws when there were too many. */
  idleFrame(): void;
  /** Told of an error that ends the connection. */
  failed(error: unknown): void;
}

/** The beginning of a stream: a head, or the session whose stream it is. */
export type MessageStart =
  | { readonly kind: "head"; readonly lines: readonly FieldLine[] }
  | { readonly kind: "session"; readonly id: number; readonly early: Uint8Array };

const BUFFER_BYTES = 1_024;

/** Reads one message from a request stream: its head, its content as it is asked for, trailers. */
export class MessageReader {
  readonly #stream: ReceiveStream;
  readonly #streamId: number;
  readonly #context: MessageContext;
  readonly #state: RequestState;
  readonly #parser: FrameParser;
  readonly #trailers = Promise.withResolvers<Headers>();
  #buffer = new Uint8Array(BUFFER_BYTES);
  #heads = 0;
  #ended = false;
  /** Why this side stopped reading: its stream looks like one that ended from then on. */
  #stopped?: { readonly reason: unknown };
  #failure?: unknown;

  /** Reads nothing yet. */
  constructor(stream: ReceiveStream, streamId: number, context: MessageContext) {
    this.#stream = stream;
    this.#streamId = streamId;
    this.#context = context;
    this.#state = new RequestState(context);
    this.#parser = new FrameParser((type) => this.#state.rule(type));
    this.#trailers.promise.catch(() => {}); // whoever reads the content sees it too
  }

  /** Whether the message was read to its end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What the peer's message, or the end of it, was refused for. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The trailers, empty if there are none, once the content was read to its end. */
  get trailers(): Promise<Headers> {
    return this.#trailers.promise;
  }

  /** Reads up to the next head, of which a response may have several. */
  start(): Promise<MessageStart> {
    return this.#guarded(async () => {
      const event = await this.#next();
      if (!event) throw new H3StreamError(H3ErrorCode.RequestIncomplete, "Stream has no head");
      if (event.kind === "session") {
        return { kind: "session", id: event.id, early: this.#parser.rest() };
      }
      if (event.kind !== "frame") throw new TypeError("Content cannot come before a head");
      this.#state.headers();
      if (this.#heads++ > 0) this.#context.idleFrame(); // heads of 1xx without end
      return { kind: "head", lines: await this.#decode(event.payload) };
    });
  }

  /** Says that the head was final, and what it announced. */
  acceptContent(contentLength?: number): void {
    this.#state.headIsFinal(contentLength);
  }

  /** Says that the head opened a tunnel. */
  openTunnel(): void {
    this.#state.tunnelOpens();
  }

  /** Whether there is content to read, waiting until that is clear. */
  hasContent(): Promise<boolean> {
    return this.#guarded(async () => {
      while (this.#parser.contentLeft === 0) {
        if (this.#ended || !await this.#nextContent()) return false;
      }
      return true;
    });
  }

  /** Reads content: as {@linkcode ReceiveStream.read}. */
  read(target: Uint8Array): Promise<number | null> {
    return this.#guarded(async () => {
      while (this.#parser.contentLeft === 0) {
        if (this.#ended || !await this.#nextContent()) return null;
      }
      if (this.#parser.buffered > 0) return this.#parser.takeContent(target);
      const count = await this.#stream.read(target.subarray(0, this.#parser.contentLeft));
      if (count === null) this.#atEnd();
      else this.#parser.passContent(count);
      return count;
    });
  }

  /** Reads no further: tells the peer to stop sending, unless it has. */
  stop(
    reason: unknown = new H3StreamError(H3ErrorCode.RequestCancelled, "Message given up"),
  ): void {
    if (this.#ended || this.#stopped) return;
    this.#stopped = { reason };
    this.#context.codec.cancel(this.#streamId, reason);
    this.#trailers.reject(reason);
    this.#stream.readable.cancel().catch(() => {}); // over already
  }

  /** The next frame of content; false at the end of the message. */
  async #nextContent(): Promise<boolean> {
    const event = await this.#next();
    if (!event) {
      this.#trailers.resolve(new Headers());
      return false;
    }
    if (event.kind === "content") {
      if (event.length === 0) this.#context.idleFrame();
      this.#state.content(event.length);
    } else if (event.kind === "frame") {
      this.#state.headers();
      const lines = readTrailers(await this.#decode(event.payload));
      await this.#next(); // nothing but the end may follow
      this.#trailers.resolve(new Headers(lines.map(([name, value]) => [name, value])));
      return false;
    }
    return true;
  }

  /** The next frame with a meaning, or undefined at the end of the stream. */
  async #next(): Promise<FrameEvent | undefined> {
    for (;;) {
      const event = this.#parser.next();
      if (event?.kind === "skipped") this.#context.idleFrame();
      else if (event) return event;
      else if (!await this.#fill()) return undefined;
    }
  }

  async #fill(): Promise<boolean> {
    // What was read before is used up, or belongs to the parser.
    if (this.#parser.buffered > 0) this.#buffer = new Uint8Array(BUFFER_BYTES);
    const count = await this.#stream.read(this.#buffer);
    if (count !== null) this.#parser.push(this.#buffer.subarray(0, count));
    else this.#atEnd();
    return count !== null;
  }

  #atEnd(): void {
    if (this.#stopped) throw this.#stopped.reason;
    this.#parser.end();
    this.#state.end();
    this.#ended = true;
  }

  #decode(section: Uint8Array): Promise<FieldLine[]> | FieldLine[] {
    return this.#context.codec.decode(this.#streamId, section);
  }

  async #guarded<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      const error = this.#failure = asOurs(cause);
      this.#trailers.reject(error);
      this.stop(error);
      this.#context.failed(error);
      throw error;
    }
  }
}

function asOurs(error: unknown): unknown {
  if (!(error instanceof StreamClosedError) || error instanceof ConnectionClosedError) return error;
  return new H3StreamError(H3ErrorCode.RequestCancelled, "Peer gave its message up", {
    cause: error,
  });
}
