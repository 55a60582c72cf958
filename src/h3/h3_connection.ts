import type { Connection, ReceiveStream } from "@alknet/core";

import { Budget } from "./budget.ts";
import { ControlState, type Role } from "./control_state.ts";
import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError } from "./errors.ts";
import { FieldCodec } from "./field_codec.ts";
import { FrameParser } from "./frame_parser.ts";
import { encodeFrame, FrameType, StreamType } from "./frame_type.ts";
import type { H3Limits } from "./limits.ts";
import type { MessageContext } from "./message_reader.ts";
import { concat, Outbox } from "./outbox.ts";
import { PrefixedStream } from "./prefixed_stream.ts";
import type { Priority } from "./priority.ts";
import { encodeSettings, type H3Settings } from "./settings.ts";
import { encodeVarints } from "./varint.ts";
import { SessionTable } from "./webtransport/session_table.ts";

/** What an {@linkcode H3Connection} tells the end that owns it. */
export interface H3Hooks {
  /** The peer takes no request, or push, from this ID on. */
  goaway?(id: number): void;
  /** The peer changed the priority of a request. */
  priority?(streamId: number, priority: Priority): void;
  /** The connection failed for a reason of its own. */
  failed?(error: unknown): void;
}

const READ_BYTES = 4_096;
const IDLE_FRAMES_PER_SECOND = 100;
const CRITICAL: ReadonlySet<number> = new Set([
  StreamType.Control,
  StreamType.QpackEncoder,
  StreamType.QpackDecoder,
]);

/** What both ends of an HTTP/3 connection have in common: its one-way streams and its end. */
export class H3Connection implements MessageContext {
  readonly conn: Connection;
  readonly role: Role;
  readonly limits: H3Limits;
  readonly codec: FieldCodec;
  readonly sessionTable: SessionTable;
  readonly #hooks: H3Hooks;
  readonly #control: Outbox;
  readonly #idleFrames: Budget;
  readonly #settings = Promise.withResolvers<H3Settings>();
  readonly #opened = new Set<number>();

  /** Does nothing before {@linkcode start}. */
  constructor(conn: Connection, role: Role, options: { limits: H3Limits; hooks: H3Hooks }) {
    this.conn = conn;
    this.role = role;
    this.limits = options.limits;
    this.#hooks = options.hooks;
    this.#idleFrames = new Budget(this.limits.maxIdleFrames, IDLE_FRAMES_PER_SECOND);
    this.#control = this.#outbox(StreamType.Control);
    this.codec = new FieldCodec(this.limits, {
      encoder: this.#outbox(StreamType.QpackEncoder),
      decoder: this.#outbox(StreamType.QpackDecoder),
    });
    const failed = (error: unknown): void => this.failed(error);
    this.sessionTable = new SessionTable(conn, { limits: this.limits, failed });
    this.#settings.promise.catch(() => {});
  }

  /** Largest field section taken. */
  get maxFieldSectionBytes(): number {
    return this.limits.maxFieldSectionBytes;
  }

  /** Whether WebTransport is offered. */
  get sessions(): boolean {
    return this.limits.maxSessions > 0;
  }

  /** The peer's settings, once they have arrived; rejects when the connection ends before. */
  get peerSettings(): Promise<H3Settings> {
    return this.#settings.promise;
  }

  /** Sends SETTINGS and starts reading the peer's one-way streams. */
  start(): void {
    if (!this.conn.uni) {
      throw new H3ConnectionError(H3ErrorCode.StreamCreationError, "HTTP/3 needs one-way streams");
    }
    const { maxSessions } = this.limits;
    const settings = encodeSettings({
      ...this.limits,
      extendedConnect: this.role === "server",
      datagrams: this.conn.datagrams !== undefined,
      maxSessions,
    });
    this.#control.send(encodeFrame(FrameType.Settings, settings));
    this.#acceptAll(this.conn.uni.incoming);
    this.conn.closed.then(() => {
      this.codec.close(this.conn.signal.reason);
      this.#settings.reject(this.conn.signal.reason);
    });
  }

  /** Says that no request, or push, from this ID on will be taken (RFC 9114 section 5.2). */
  async goaway(id: number): Promise<void> {
    this.#control.send(encodeFrame(FrameType.Goaway, encodeVarints(id)));
    await this.#control.flushed();
  }

  /** Changes the priority of a request (RFC 9218 section 7.2). */
  prioritize(streamId: number, value: string): void {
    const payload = concat([encodeVarints(streamId), new TextEncoder().encode(value)]);
    this.#control.send(encodeFrame(FrameType.PriorityUpdateRequest, payload));
  }

  /** Counts a frame without effect. */
  idleFrame(): void {
    if (this.#idleFrames.spend()) return;
    const message = "Too many frames without effect";
    throw new H3ConnectionError(H3ErrorCode.ExcessiveLoad, message);
  }

  /** Something useful happened: the peer may send some frames without effect again. */
  usefulFrame(): void {
    this.#idleFrames.earn(4);
  }

  /** Ends the connection if the error is one that does. */
  failed(error: unknown): void {
    if (!(error instanceof H3ConnectionError) || this.conn.signal.aborted) return;
    this.#hooks.failed?.(error);
    // The peer may know which rule it broke, in words that hold nothing of ours.
    this.conn.close(error.code, error.message);
  }

  #outbox(type: number): Outbox {
    return new Outbox({
      open: async () => {
        const stream = await this.conn.uni?.open();
        if (!stream) throw new TypeError("Cannot open a one-way stream: the connection has none");
        return stream;
      },
      prefix: new Uint8Array([type]),
      maxBytes: this.limits.maxUnsentBytes,
      failed: (error) => this.#criticalFailed(error),
    });
  }

  /** A stream of ours that the peer refuses to read is as bad as one it closes. */
  #criticalFailed(error: unknown): void {
    if (error instanceof H3ConnectionError || this.conn.signal.aborted) return this.failed(error);
    const code = H3ErrorCode.ClosedCriticalStream;
    this.failed(new H3ConnectionError(code, "Peer stopped a critical stream", { cause: error }));
  }

  async #acceptAll(incoming: AsyncIterable<ReceiveStream>): Promise<void> {
    for await (const stream of incoming) this.#accept(stream);
  }

  async #accept(stream: ReceiveStream): Promise<void> {
    try {
      await this.#serve(new PrefixedStream(stream));
    } catch (error) {
      this.failed(error);
    }
  }

  /** RFC 9114 section 6.2: what a one-way stream is for is what it begins with. */
  async #serve(stream: PrefixedStream): Promise<void> {
    const type = await stream.varint();
    if (type === undefined) return;
    if (type === StreamType.WebTransport && this.sessions) return await this.#serveSession(stream);
    if (type === StreamType.Push) throw this.#pushed();
    if (!CRITICAL.has(type)) {
      this.idleFrame();
      return await stream.cancel();
    }
    if (this.#opened.has(type)) {
      const message = `Second stream of type ${type}`;
      throw new H3ConnectionError(H3ErrorCode.StreamCreationError, message);
    }
    this.#opened.add(type);
    if (type === StreamType.Control) await this.#readControl(stream);
    else await this.#readQpack(stream, type);
    throw new H3ConnectionError(H3ErrorCode.ClosedCriticalStream, `Stream of type ${type} ended`);
  }

  async #serveSession(stream: PrefixedStream): Promise<void> {
    const sessionId = await stream.varint();
    if (sessionId !== undefined) this.sessionTable.arriveUni(sessionId, stream);
  }

  #pushed(): H3ConnectionError {
    const code = this.role === "server" ? H3ErrorCode.StreamCreationError : H3ErrorCode.IdError;
    return new H3ConnectionError(code, "Push stream that nobody allowed");
  }

  async #readQpack(stream: PrefixedStream, type: number): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
      const bytes = buffer.slice(0, count);
      if (type === StreamType.QpackEncoder) this.codec.readEncoderStream(bytes);
      else this.codec.readDecoderStream(bytes);
    }
  }

  async #readControl(stream: PrefixedStream): Promise<void> {
    const state = new ControlState(this.role);
    const parser = new FrameParser((type) => state.rule(type));
    const buffer = new Uint8Array(READ_BYTES);
    for (let count = await stream.read(buffer); count !== null; count = await stream.read(buffer)) {
      parser.push(buffer.slice(0, count));
      for (let event = parser.next(); event; event = parser.next()) {
        this.idleFrame();
        if (event.kind === "frame") this.#controlFrame(state, event.type, event.payload);
      }
    }
  }

  #controlFrame(state: ControlState, type: number, payload: Uint8Array): void {
    const event = state.receive(type, payload);
    if (event.kind === "settings") {
      this.codec.configure(event.settings);
      this.#settings.resolve(event.settings);
    } else if (event.kind === "goaway") this.#hooks.goaway?.(event.id);
    else if (event.kind === "priority") this.#hooks.priority?.(event.streamId, event.priority);
  }
}
