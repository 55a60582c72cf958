import type { Connection, Stream } from "@alknet/core";

import type { Deadlines } from "./deadlines.ts";
import { H3ErrorCode } from "./error_code.ts";
import { H3StreamError } from "./errors.ts";
import type { H3Connection } from "./h3_connection.ts";
import type { H3Info, StreamUpgrade, UpgradeOptions, WebTransportUpgrade } from "./info.ts";
import type { MessageReader } from "./message_reader.ts";
import { MessageWriter } from "./message_writer.ts";
import { DEFAULT_PRIORITY, parsePriority, type Priority } from "./priority.ts";
import type { FieldLine } from "./qpack/static_table.ts";
import { mayHaveBody, RequestContent, toRequest } from "./request.ts";
import type { RequestHead } from "./request_head.ts";
import { sendResponse } from "./response.ts";
import { fieldLines } from "./response_head.ts";
import { TunnelStream } from "./tunnel_stream.ts";

/** Answers requests. */
export type H3Handler = (request: Request, info: H3Info) => Response | Promise<Response>;

/** What an exchange is made of. */
export interface ExchangeParts {
  /** The connection. */
  readonly h3: H3Connection;
  /** The connection's clock. */
  readonly deadlines: Deadlines;
  /** The request's stream. */
  readonly stream: Stream;
  /** Its ID. */
  readonly streamId: number;
  /** What reads it, past the head. */
  readonly reader: MessageReader;
  /** The request's head. */
  readonly head: RequestHead;
  /** A priority the client sent before the request itself. */
  readonly priority?: Priority;
}

/** Upgrades of an extended CONNECT, until the handler's response decides. */
interface Upgrade {
  start(tunnel: Stream): void;
  refuse(error: unknown): void;
}

/** One request and its response (RFC 9114 section 4.1), as the server has it. */
export class Exchange implements H3Info {
  readonly conn: Connection;
  readonly streamId: number;
  responseTrailers?: () => HeadersInit | Promise<HeadersInit>;
  readonly #parts: ExchangeParts;
  readonly #writer: MessageWriter;
  readonly #abort = new AbortController();
  readonly #content: RequestContent;
  #discarded?: Promise<void>;
  #priority: Priority = DEFAULT_PRIORITY;
  #upgrade?: Upgrade;
  #tunnelled = false;
  /** Why no handler saw the request. */
  #refusal?: unknown;

  /** Takes a request over; {@linkcode run} serves it. */
  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.conn = parts.h3.conn;
    this.streamId = parts.streamId;
    this.#writer = new MessageWriter(parts.stream, parts.streamId, parts.h3.codec);
    this.#content = new RequestContent(parts.reader);
    parts.reader.trailers.catch((error) => isCancelled(error) && this.abort(error));
    const field = parts.head.headers.find(([name]) => name === "priority");
    this.prioritize(parts.priority ?? (field ? parsePriority(field[1]) : DEFAULT_PRIORITY));
  }

  get protocol(): string | undefined {
    return this.#parts.head.protocol;
  }

  get priority(): Priority {
    return this.#priority;
  }

  get requestTrailers(): Promise<Headers> {
    return this.#parts.reader.trailers;
  }

  /** Whether the client gave the request up. */
  get aborted(): boolean {
    return this.#abort.signal.aborted;
  }

  async sendInformational(status: number, headers: HeadersInit = {}): Promise<void> {
    if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
      throw new RangeError(`Cannot send status ${status} as informational`);
    }
    if (!this.#writer.fresh || this.aborted) return;
    const lines = fieldLines([[":status", `${status}`]], new Headers(headers));
    await this.#writer.informational(lines);
  }

  upgradeWebTransport(options: UpgradeOptions = {}): WebTransportUpgrade {
    const { h3, head } = this.#parts;
    if (head.protocol !== "webtransport") {
      throw new TypeError("Cannot upgrade: the request asks for no WebTransport session");
    }
    const session = h3.sessionTable.add(this.streamId);
    this.#upgrade = session;
    const headers = new Headers(options.headers);
    if (head.headers.some(([name]) => name === "sec-webtransport-http3-draft02")) {
      headers.set("sec-webtransport-http3-draft", "draft02");
    }
    return { response: new Response(null, { headers }), session };
  }

  upgradeStream(options: UpgradeOptions = {}): StreamUpgrade {
    if (this.protocol === undefined) throw new TypeError("Cannot upgrade: not an extended CONNECT");
    const { promise, resolve, reject } = Promise.withResolvers<Stream>();
    promise.catch(() => {}); // a handler may return something else on purpose
    this.#upgrade = { start: resolve, refuse: reject };
    return { response: new Response(null, { headers: options.headers }), stream: promise };
  }

  /** Changes the priority, now or by an update of the client's. */
  prioritize(priority: Priority): void {
    const same = priority.urgency === this.#priority.urgency;
    this.#priority = priority;
    if (!same) this.#parts.stream.sendOrder = DEFAULT_PRIORITY.urgency - priority.urgency;
  }

  /** Looks whether the client still listens, where the response has nothing to write. */
  async probe(): Promise<void> {
    if (!this.#writer.ended && !this.#tunnelled) {
      await this.#writer.probe().catch((error) => this.abort(error));
    }
  }

  /** The client is gone, as far as this request goes. */
  abort(reason: unknown): void {
    if (!this.aborted) this.#abort.abort(reason);
  }

  /**
   * Serves the request to the end of its response.
   *
   * @throws What the handler throws, after the client was told that something failed.
   */
  async run(handler: H3Handler): Promise<void> {
    const { reader } = this.#parts;
    try {
      await this.#respond(handler);
    } catch (error) {
      await this.#failed(error);
      throw error;
    } finally {
      this.#upgrade?.refuse(new TypeError("Request was not upgraded"));
      if (!this.aborted) await this.#discard().catch(() => {}); // the response is out
      if (!reader.ended) reader.stop();
    }
  }

  async #respond(handler: H3Handler): Promise<void> {
    const { head, reader } = this.#parts;
    const request = this.#request();
    if (head.protocol !== undefined) reader.openTunnel();
    else {
      reader.acceptContent(head.contentLength);
      const discarded = mayHaveBody(head) ? undefined : this.#discard();
      if (head.contentLength !== undefined) await discarded;
      discarded?.catch((error) => isOwnStop(error) || this.abort(error));
    }
    const response = await handler(request, this);
    if (head.protocol !== undefined && response.ok) return await this.#tunnel(response);
    this.#parts.h3.sessionTable.turnAway(this.streamId);
    const switching = response.status === 101; // there is no such status in HTTP/3
    await this.#send(switching ? new Response(null, { status: 501 }) : response, head.method);
  }

  #request(): Request {
    try {
      return toRequest(this.#parts.head, this.#content, this.#abort.signal);
    } catch (error) {
      this.#refusal = error;
      throw error;
    }
  }

  #discard(): Promise<void> {
    if (this.#discarded) return this.#discarded;
    const { h3: { limits }, deadlines, reader } = this.#parts;
    const late = deadlines.add(limits.discardTimeoutMs, () => reader.stop());
    this.#discarded = this.#content.discard(limits.maxDiscardedBytes)
      .finally(() => deadlines.delete(late));
    this.#discarded.catch(() => {}); // the request is answered, or its handler sees it
    return this.#discarded;
  }

  #send(response: Response, method: string): Promise<void> {
    const { signal } = this.#abort;
    return sendResponse(this.#writer, response, {
      method,
      trailers: () => this.#trailers(),
      onAbort: (cancel) => signal.addEventListener("abort", () => cancel(signal.reason)),
    });
  }

  async #trailers(): Promise<FieldLine[]> {
    const trailers = await this.responseTrailers?.();
    return trailers === undefined ? [] : fieldLines([], new Headers(trailers));
  }

  /** A handler that just says 200 to a CONNECT has not understood what it was asked. */
  async #tunnel(response: Response): Promise<void> {
    const { stream, reader } = this.#parts;
    const upgrade = this.#upgrade;
    if (!upgrade) return await this.#send(new Response(null, { status: 501 }), "CONNECT");
    this.#writer.head(fieldLines([[":status", `${response.status}`]], response.headers));
    await this.#writer.flush();
    this.#upgrade = undefined;
    this.#tunnelled = true; // whose end is seen by reading
    const tunnel = new TunnelStream(stream, this.streamId, { reader, writer: this.#writer });
    upgrade.start(tunnel);
    await tunnel.over;
  }

  async #failed(error: unknown): Promise<void> {
    const { stream, reader } = this.#parts;
    if (this.#writer.broken || this.conn.signal.aborted) return this.abort(error);
    try {
      // The same classes mean nothing when they come from a handler that is a client itself.
      const theirs = error === this.#refusal || error === reader.failure;
      if (this.#writer.fresh) await this.#send(failure(theirs ? error : undefined), "GET");
      else await this.#writer.breakOff();
    } catch {
      stream.reset(); // nobody is there to be told
    }
  }
}

/** What a client learns of a failure: its own mistakes by status, ours not at all. */
export function failure(error: unknown): Response {
  if (error instanceof H3StreamError && !isCancelled(error)) {
    const text = STATUS_TEXT.get(error.status) ?? "Bad request";
    return new Response(`${text}\n`, { status: error.status });
  }
  return new Response("Internal server error\n", { status: 500 });
}

const STATUS_TEXT: ReadonlyMap<number, string> = new Map([
  [408, "Request timeout"],
  [421, "Misdirected request"],
  [429, "Too many requests"],
  [431, "Request header fields too large"],
  [501, "Not implemented"],
  [503, "Service unavailable"],
]);

function isOwnStop(error: unknown): boolean {
  return error instanceof H3StreamError && error.code === H3ErrorCode.RequestRejected;
}

function isCancelled(error: unknown): boolean {
  return error instanceof H3StreamError && error.code === H3ErrorCode.RequestCancelled;
}
