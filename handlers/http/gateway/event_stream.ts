import type { WebLimits } from "../door/limits.ts";
import { EVENT_STREAM_TYPE, HEARTBEAT } from "./event.ts";
import type { Subscriber } from "./live_subscription.ts";

/** How long a stream may be silent, and its client deaf. */
export type EventStreamLimits = Pick<WebLimits, "heartbeatMs" | "stalledMs">;

/** Settings of {@linkcode eventStream}. */
export interface EventStreamOptions {
  /** Silence and patience. */
  readonly limits: EventStreamLimits;
  /** Called from time to time while it lasts. */
  readonly onTick?: () => void;
  /** Called once, when the stream is over in whatever way. */
  readonly onEnd: () => void;
}

/**
 * A response that carries events: the next is asked for when the client has taken the one before.
 * A client that leaves, or takes nothing for too long, ends the stream.
 */
export function eventStream(subscriber: Subscriber, options: EventStreamOptions): Response {
  const body = new EventStreamBody(subscriber, options).readable;
  return new Response(body, {
    headers: {
      "content-type": EVENT_STREAM_TYPE,
      "cache-control": "no-store",
      "x-accel-buffering": "no", // a proxy in between shall pass events on at once
    },
  });
}

class EventStreamBody {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #subscriber: Subscriber;
  readonly #options: EventStreamOptions;
  readonly #encoder = new TextEncoder();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastSentAt = performance.now();
  /** When the client was seen not to take what was sent. */
  #stalledAt: number | undefined;

  constructor(subscriber: Subscriber, options: EventStreamOptions) {
    this.#subscriber = subscriber;
    this.#options = options;
    this.readable = new ReadableStream({
      start: (controller) => this.#start(controller),
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#end(),
    });
  }

  #start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { heartbeatMs, stalledMs } = this.#options.limits;
    // Something to send at once: some clients wait for the first byte before they say "open".
    this.#send(controller, HEARTBEAT);
    const tickMs = Math.min(heartbeatMs, stalledMs) / 2;
    this.#timer = setInterval(() => this.#tick(controller), tickMs);
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    let text: string | undefined;
    try {
      text = await this.#subscriber.next();
    } catch (error) {
      this.#end();
      throw error;
    }
    if (this.#timer === undefined) return;
    if (text !== undefined) return this.#send(controller, text);
    this.#end();
    controller.close();
  }

  #tick(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { limits: { heartbeatMs, stalledMs }, onTick } = this.#options;
    onTick?.();
    const now = performance.now();
    if ((controller.desiredSize ?? 0) <= 0) {
      this.#stalledAt ??= now;
      if (now - this.#stalledAt < stalledMs) return;
      this.#end();
      return controller.error(new StalledError());
    }
    this.#stalledAt = undefined;
    if (now - this.#lastSentAt >= heartbeatMs) this.#send(controller, HEARTBEAT);
  }

  #send(controller: ReadableStreamDefaultController<Uint8Array>, text: string): void {
    this.#lastSentAt = performance.now();
    controller.enqueue(this.#encoder.encode(text));
  }

  #end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#subscriber.leave();
    this.#options.onEnd();
  }
}

/** Ends a stream whose client does not read. */
class StalledError extends Error {
  override readonly name = "StalledError";
  readonly blame = "remote";

  constructor() {
    super("Event stream ended: its client does not read");
  }
}
