import {
  type Connection,
  type Handler,
  type HandlerContext,
  NOBODY,
  type Stream,
} from "@alknet/core";
import { memoryPair, type MemoryPairOptions } from "@alknet/core/testing";

import {
  call,
  CallCode,
  CallError,
  type CallOptions,
  type CallRequest,
  type Dispatcher,
  encodeFrame,
  type EventEnvelope,
  FrameDecoder,
} from "../mod.ts";

/** Operations for tests, and what happened to them. */
export class Operations implements Dispatcher {
  /** Items each subscription has produced. */
  produced = 0;
  /** Requests whose signal has aborted, with the reason's code. */
  readonly aborts: string[] = [];
  /** Subscriptions whose `finally` ran. */
  returned = 0;
  /** Requests that hang now. */
  hanging = 0;
  /** Requests seen. */
  readonly seen: CallRequest[] = [];

  kindOf(name: string): "query" | "subscription" | undefined {
    if (name.startsWith("sub/")) return "subscription";
    return name === "" ? undefined : "query";
  }

  async call(name: string, input: unknown, request: CallRequest): Promise<unknown> {
    this.#watch(request);
    switch (name) {
      case "test/echo":
        return input;
      case "test/who":
        return request.identity?.id ?? null;
      case "test/forwarded":
        return request.forwardedFor ?? null;
      case "test/throw":
        throw new TypeError("Secret inside");
      case "test/declared":
        throw new CallError("NO_ROOM", "No room", { details: { floor: 3 }, retryable: true });
      case "test/unsendable":
        return 1n;
      case "test/hang":
        return await this.#hang(request.signal);
      case "test/deaf":
        this.hanging++;
        return await new Promise(() => {});
    }
    throw new CallError(CallCode.NotFound, "No such operation");
  }

  async *subscribe(name: string, input: unknown, request: CallRequest): AsyncGenerator<unknown> {
    this.#watch(request);
    if (!name.startsWith("sub/")) {
      throw new CallError(CallCode.InvalidOperationType, "Not a stream");
    }
    const { count = Infinity, size = 0 } = { ...input as { count?: number; size?: number } };
    try {
      for (let index = 0; index < count; index++) {
        this.produced++;
        yield size === 0 ? index : "x".repeat(size);
      }
      if (name === "sub/fail") throw new CallError("BROKEN", "Broken");
      if (name === "sub/quiet") await this.#hang(request.signal);
    } finally {
      this.returned++;
    }
  }

  #watch(request: CallRequest): void {
    this.seen.push(request);
    request.signal.addEventListener("abort", () => this.aborts.push(request.signal.reason.code));
  }

  async #hang(signal: AbortSignal): Promise<void> {
    this.hanging++;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    this.hanging--;
  }
}

/** A connection whose other end a handler serves. */
export interface Served extends AsyncDisposable {
  readonly conn: Connection;
  readonly ops: Operations;
  readonly accepted: Promise<void>;
  readonly shutdown: AbortController;
}

/** Serves one end of a memory connection with the handler, as an endpoint would. */
export function served(
  pair: MemoryPairOptions = {},
  options: Partial<CallOptions> = {},
  ctx: Partial<HandlerContext> = {},
): Served {
  const [conn, server] = memoryPair(pair);
  const ops = new Operations();
  const shutdown = new AbortController();
  shutdown.signal.addEventListener("abort", () => server.stopAccepting());
  const handler = call({ dispatcher: ops, ...options });
  const accepted = accept(handler, server, { signal: shutdown.signal, ...ctx });
  return {
    conn,
    ops,
    accepted,
    shutdown,
    async [Symbol.asyncDispose](): Promise<void> {
      conn.close();
      await accepted;
    },
  };
}

/** Runs a handler on the accepting end. */
export function accept(
  handler: Handler,
  conn: Connection,
  ctx: Partial<HandlerContext> = {},
): Promise<void> {
  const { alpn, remoteAddr } = conn;
  const auth = { identity: conn.identity, alpn, remoteAddr };
  return handler.accept(conn, { auth, identities: NOBODY, signal: conn.signal, ...ctx });
}

/** A stream with frames written and read by hand. */
export class RawLane {
  readonly stream: Stream;
  readonly #decoder = new FrameDecoder();
  readonly #queue: EventEnvelope[] = [];

  constructor(stream: Stream) {
    this.stream = stream;
  }

  send(...events: EventEnvelope[]): Promise<void> {
    return this.write(...events.map((event) => encodeFrame(event)));
  }

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

/** Waits until something holds; a test that waits too long fails by itself. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 2_000) throw new RangeError("Condition did not come to hold");
    await pause(1);
  }
}

/** Lets time pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
