import type { Connection, Stream } from "@alknet/core";
import { endsWithin } from "@alknet/core/transport";

import { Budget } from "./budget.ts";
import { H3ErrorCode } from "./error_code.ts";
import { H3ConnectionError, H3StreamError } from "./errors.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { Exchange, failure, type H3Handler } from "./exchange.ts";
import { H3Connection } from "./h3_connection.ts";
import { DEFAULT_H3_LIMITS, type H3Limits } from "./limits.ts";
import { MessageReader, type MessageStart } from "./message_reader.ts";
import { MessageWriter } from "./message_writer.ts";
import { PriorityUpdates } from "./priority_updates.ts";
import { readRequestHead, type RequestHead } from "./request_head.ts";
import { sendResponse } from "./response.ts";

/** What {@linkcode serveH3} can be told. */
export interface ServeH3Options {
  /** Bounds that differ from {@linkcode DEFAULT_H3_LIMITS}. */
  readonly limits?: Partial<H3Limits>;
  /** Ends the connection gracefully: GOAWAY, requests under way finish, no others are taken. */
  readonly signal?: AbortSignal;
  /** Told of handlers that failed and of peers that broke the protocol. Default: nobody is. */
  onError?(error: unknown): void;
}

/** Time for a client to close once it was told that all is done. */
const LINGER_MS = 1_000;
const ABORTED_PER_SECOND = 50;

/**
 * Serves HTTP/3 (RFC 9114) and WebTransport on one connection, until it is over.
 *
 * @param conn A connection with several streams, such as one over QUIC with the ALPN `h3`.
 * @param handler Answers requests; runs for each as its head has arrived.
 * @param options Bounds and an end.
 *
 * @example
 * ```ts
 * import { dial } from "@alknet/client";
 * import { serve } from "@alknet/core";
 * import { connectH3, serveH3 } from "@alknet/h3";
 * import { strictEqual } from "node:assert/strict";
 *
 * await using node = await serve({
 *   hostname: "127.0.0.1",
 *   handlers: [{
 *     name: "web",
 *     alpn: ["h3"],
 *     accept: (conn, { signal }) =>
 *       serveH3(conn, (request) => new Response(`hello ${new URL(request.url).pathname}`), { signal }),
 *   }],
 * });
 * const target = `${node.nodeId}@127.0.0.1:${node.addr.port}`;
 * await using conn = await dial(target, { alpn: "h3", transports: ["quic"] });
 * await using client = connectH3(conn);
 * const response = await client.fetch("https://localhost/world");
 * strictEqual(await response.text(), "hello /world");
 * ```
 */
export async function serveH3(
  conn: Connection,
  handler: H3Handler,
  options: ServeH3Options = {},
): Promise<void> {
  await new H3Server(conn, handler, options).run();
}

class H3Server {
  readonly #conn: Connection;
  readonly #handler: H3Handler;
  readonly #options: ServeH3Options;
  readonly #limits: H3Limits;
  readonly #h3: H3Connection;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #priorities = new PriorityUpdates();
  readonly #aborted: Budget;
  readonly #stopping = Promise.withResolvers<void>();
  readonly #deadlines: Deadlines;
  #nextId = 0;
  #leaving = false;
  #idle?: Deadline;

  constructor(conn: Connection, handler: H3Handler, options: ServeH3Options) {
    this.#conn = conn;
    this.#handler = handler;
    this.#options = options;
    this.#limits = { ...DEFAULT_H3_LIMITS, ...options.limits };
    this.#aborted = new Budget(this.#limits.maxAbortedRequests, ABORTED_PER_SECOND);
    this.#deadlines = new Deadlines(tickMs(this.#limits), () => this.#probe());
    this.#h3 = new H3Connection(conn, "server", {
      limits: this.#limits,
      hooks: {
        priority: (streamId, priority) => {
          const exchange = this.#exchanges.get(streamId);
          if (exchange) exchange.prioritize(priority);
          else if (streamId >= this.#nextId) this.#priorities.set(streamId, priority);
        },
        failed: (error) => options.onError?.(error),
      },
    });
  }

  async run(): Promise<void> {
    const stop = (): void => this.#stopping.resolve();
    const { signal } = this.#options;
    using _deadlines = this.#deadlines;
    this.#h3.start();
    this.#conn.closed.then(() => this.#abortAll());
    this.#watchIdleness();
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      await this.#acceptAll();
      await this.#leave();
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Takes streams until the connection ends or is to be left. */
  async #acceptAll(): Promise<void> {
    await Promise.race([this.#iterate(), this.#stopping.promise]);
    this.#leaving = true;
  }

  /** Goes on after that, to turn away what still comes. */
  async #iterate(): Promise<void> {
    for await (const stream of this.#conn.streams) {
      if (this.#leaving) stream.reset();
      else this.#track(this.#serve(stream));
    }
  }

  #track(task: Promise<void>): void {
    if (this.#idle) this.#deadlines.delete(this.#idle);
    this.#tasks.add(task);
    task.finally(() => {
      this.#tasks.delete(task);
      this.#watchIdleness();
    });
  }

  #watchIdleness(): void {
    if (this.#tasks.size > 0) return;
    const { idleTimeoutMs } = this.#limits;
    this.#idle = this.#deadlines.add(idleTimeoutMs, () => this.#stopping.resolve());
  }

  /** RFC 9114 section 5.2: no further requests, those under way finish, then the end. */
  async #leave(): Promise<void> {
    if (this.#conn.signal.aborted) return;
    await this.#h3.goaway(this.#nextId);
    this.#h3.sessionTable.drain();
    await Promise.race([Promise.all(this.#tasks), this.#conn.closed]);
    await endsWithin(this.#conn.closed, LINGER_MS);
    this.#conn.close(H3ErrorCode.NoError);
  }

  /** Handlers that run on are told that nobody waits; they are not waited for either. */
  #abortAll(): void {
    for (const exchange of this.#exchanges.values()) exchange.abort(this.#conn.signal.reason);
  }

  async #serve(stream: Stream): Promise<void> {
    const streamId = stream.id ?? this.#nextId;
    this.#nextId = Math.max(this.#nextId, streamId + 4);
    const reader = new MessageReader(stream, streamId, this.#h3);
    try {
      const start = await this.#startOf(reader);
      if (start.kind === "session") {
        return this.#h3.sessionTable.arrive(start.id, stream, start.early);
      }
      this.#h3.usefulFrame();
      await this.#exchange(
        { stream, streamId, reader },
        readRequestHead(start.lines, {
          extendedConnect: true,
        }),
      );
    } catch (error) {
      await this.#refuse(stream, streamId, error);
      reader.stop(error);
    }
  }

  /** The head, for which a client has limited time. */
  async #startOf(reader: MessageReader): Promise<MessageStart> {
    const deadline = this.#deadlines.add(this.#limits.headTimeoutMs, () => {
      const message = "No head in time";
      reader.stop(new H3StreamError(H3ErrorCode.RequestIncomplete, message, { status: 408 }));
    });
    try {
      return await reader.start();
    } finally {
      this.#deadlines.delete(deadline);
    }
  }

  async #exchange(
    parts: { stream: Stream; streamId: number; reader: MessageReader },
    head: RequestHead,
  ): Promise<void> {
    const { streamId } = parts;
    this.#assertTakes(head);
    const priority = this.#priorities.take(streamId);
    const exchange = new Exchange({
      ...{ h3: this.#h3, deadlines: this.#deadlines },
      ...{ ...parts, head, priority },
    });
    this.#exchanges.set(streamId, exchange);
    try {
      await exchange.run(this.#handler);
    } catch (error) {
      if (!exchange.aborted) this.#options.onError?.(error);
    } finally {
      this.#exchanges.delete(streamId);
      if (exchange.aborted) this.#countAborted();
    }
  }

  /** Rapid reset (CVE-2023-44487): requests that are made only to be given up. */
  #countAborted(): void {
    if (this.#aborted.spend()) return;
    const message = "Too many requests were given up";
    this.#h3.failed(new H3ConnectionError(H3ErrorCode.ExcessiveLoad, message));
  }

  #assertTakes(head: RequestHead): void {
    const rejected = (message: string, status: number): H3StreamError =>
      new H3StreamError(H3ErrorCode.RequestRejected, message, { status });
    if (head.method === "CONNECT" && !head.protocol) throw rejected("No tunnels here", 501);
    if (this.#exchanges.size >= this.#limits.maxRequests) throw rejected("Too many requests", 503);
    if (head.protocol === "webtransport" && this.#sessions() >= this.#limits.maxSessions) {
      throw rejected("Too many sessions", 429);
    }
  }

  /** Sessions, and requests for one: an exchange lasts as long as its session. */
  #sessions(): number {
    let count = 0;
    for (const { protocol } of this.#exchanges.values()) if (protocol === "webtransport") count++;
    return count;
  }

  /** Answers a request that no handler sees. */
  async #refuse(stream: Stream, streamId: number, error: unknown): Promise<void> {
    if (error instanceof H3ConnectionError) return this.#h3.failed(error);
    if (!(error instanceof H3StreamError)) {
      if (!this.#conn.signal.aborted) this.#options.onError?.(error);
      return stream.reset();
    }
    if (error.code === H3ErrorCode.RequestCancelled) this.#countAborted();
    this.#h3.sessionTable.turnAway(streamId);
    try {
      const writer = new MessageWriter(stream, streamId, this.#h3.codec);
      const nothing = { method: "GET", trailers: () => Promise.resolve([]), onAbort: () => {} };
      await sendResponse(writer, failure(error), nothing);
    } catch {
      stream.reset(); // the client does not want to know
    }
  }

  #probe(): void {
    for (const exchange of this.#exchanges.values()) exchange.probe();
  }
}

/** How often deadlines and clients are looked at. */
function tickMs(limits: H3Limits): number {
  const { probeIntervalMs, headTimeoutMs, discardTimeoutMs, idleTimeoutMs } = limits;
  return Math.min(probeIntervalMs, headTimeoutMs, discardTimeoutMs, idleTimeoutMs);
}
