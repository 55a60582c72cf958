import { ConnectionClosedError } from "@alknet/core";

import { CallCode, type CallError, exhausted } from "./call_error.ts";
import { CallWireError, checkLength, decodeEnvelope, encodeEnvelope } from "./envelope.ts";
import type { EventEnvelope } from "./envelope.ts";
import type { Frame } from "./frames.ts";
import type { FramePort, PortBounds } from "./port.ts";
import { SocketClose, type SocketCloseCode } from "./socket_close.ts";
import { SocketPace } from "./socket_pace.ts";

/** Messages that have come and are not taken yet, in bytes; sockets cannot be told to wait. */
const MAX_QUEUED_BYTES = 4_194_304;

/** What a message costs beside its bytes. */
const MESSAGE_BYTES = 256;

/** Longest reason of a close, in UTF-8 (RFC 6455 section 5.5). */
const REASON_BYTES = 123;

/** Ends that leave nothing to say: done, going away, no code. */
const CLEAN: ReadonlySet<number> = new Set([1000, 1001, 1005]);

/** A WebSocket: each binary message is one envelope. */
export class SocketPort implements FramePort {
  /** Resolves, and never rejects, when the socket is over. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  readonly #over = Promise.withResolvers<{ code: number; reason: string }>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #broken = Promise.withResolvers<void>();
  readonly #pace: SocketPace;
  readonly #queue: Uint8Array[] = [];
  #bounds?: PortBounds;
  #queuedBytes = 0;
  #fault?: Error;
  #end?: { readonly code: number; readonly reason: string };
  #arrived?: () => void;
  #sending: Promise<void>;

  /** Listens at once: whoever has just been given the socket has missed nothing. */
  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#pace = new SocketPace(() => socket.bufferedAmount);
    this.#sending = this.#opened.promise;
    this.closed = this.#over.promise;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.#opened.resolve());
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code, reason }) => this.#closed({ code, reason }));
    socket.addEventListener("error", () => this.#closed({ code: 1006, reason: "" }));
    if (socket.readyState === WebSocket.OPEN) this.#opened.resolve();
    if (socket.readyState === WebSocket.CLOSED) this.#closed({ code: 1006, reason: "" });
  }

  /** Says how long its messages may be. */
  bounded(bounds: PortBounds): this {
    this.#bounds = bounds;
    return this;
  }

  async read(take: (frame: Frame) => Promise<void> | undefined): Promise<void> {
    while (true) {
      const message = this.#queue.shift();
      if (message) {
        this.#count(-message.length - MESSAGE_BYTES);
        const wait = take({ envelope: decodeEnvelope(message), bytes: message.length });
        if (wait) await Promise.race([wait, this.#broken.promise]);
      } else if (this.#fault) throw this.#fault;
      else if (this.#end && CLEAN.has(this.#end.code)) return;
      else if (this.#end) throw new ConnectionClosedError(this.#end);
      else await new Promise<void>((resolve) => this.#arrived = resolve);
    }
  }

  async skip(): Promise<void> {
    await this.closed;
  }

  async send(envelope: EventEnvelope, admit?: (bytes: number) => void): Promise<number> {
    const bytes = encodeEnvelope(envelope);
    admit?.(bytes.length);
    const turn = this.#sending = this.#sending.then(() => this.#pace.room());
    await turn;
    if (this.#end) throw new ConnectionClosedError(this.#end);
    this.#socket.send(bytes);
    return bytes.length;
  }

  async end(why?: CallError): Promise<void> {
    await this.#sending;
    this.close(why ? closeCode(why) : SocketClose.Done, why?.message);
  }

  /** Closes at once, what waits unsent. */
  close(code: SocketCloseCode, reason = ""): void {
    const close = (): void => this.#socket.close(code, clipped(reason));
    this.#socket.addEventListener("open", close); // Deno forgets it while it is upgrading
    close();
  }

  reset(): void {
    this.close(SocketClose.Failed);
    this.#closed({ code: SocketClose.Failed, reason: "" }); // a peer that is gone says nothing
  }

  #take(data: unknown): void {
    if (this.#end || this.#fault) return;
    try {
      if (!(data instanceof ArrayBuffer)) {
        throw new CallWireError("shape", "Message is text: envelopes come in binary ones");
      }
      checkLength(data.byteLength, this.#bounds?.maxBytes() ?? Infinity);
      this.#enqueue(new Uint8Array(data));
    } catch (error) {
      this.#fault = error instanceof Error ? error : new TypeError("Unknown", { cause: error });
    }
    this.#wake();
  }

  #enqueue(message: Uint8Array): void {
    if (this.#queue.length > 0 && this.#queuedBytes + message.length > MAX_QUEUED_BYTES) {
      this.#clear(); // nothing is taken for now, so nothing before this comes first
      this.#broken.resolve();
      throw exhausted("Too many messages wait to be taken");
    }
    this.#count(message.length + MESSAGE_BYTES);
    this.#queue.push(message);
  }

  #count(bytes: number): void {
    this.#bounds?.reserve(this.#queuedBytes + bytes);
    this.#queuedBytes += bytes;
  }

  #closed(end: { readonly code: number; readonly reason: string }): void {
    this.#end ??= end;
    this.#clear(); // nobody would get the answers
    this.#over.resolve(this.#end);
    this.#opened.resolve();
    this.#broken.resolve();
    this.#pace.stop();
    this.#wake();
  }

  #clear(): void {
    this.#count(-this.#queuedBytes);
    this.#queue.length = 0;
  }

  #wake(): void {
    this.#arrived?.();
    this.#arrived = undefined;
  }
}

function closeCode({ code, cause }: CallError): SocketCloseCode {
  if (code === CallCode.ResourceExhausted) return SocketClose.Exhausted;
  if (code === CallCode.Unavailable) return SocketClose.ShuttingDown;
  if (!(cause instanceof CallWireError)) return SocketClose.Failed;
  return cause.fault === "too-large" ? SocketClose.TooLarge : SocketClose.Malformed;
}

/** At most as much as a close frame holds, whole characters. */
function clipped(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(REASON_BYTES));
  return reason.slice(0, read);
}
