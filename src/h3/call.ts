import type { Stream } from "@alknet/core";
import { readableFrom } from "@alknet/core/transport";

import { H3ErrorCode } from "./error_code.ts";
import { H3StreamError } from "./errors.ts";
import type { H3Connection } from "./h3_connection.ts";
import { MessageReader } from "./message_reader.ts";
import { MessageWriter } from "./message_writer.ts";
import type { FieldLine } from "./qpack/static_table.ts";
import { fieldLines, readResponseHead, type ResponseHead } from "./response_head.ts";
import { TunnelStream } from "./tunnel_stream.ts";
import type { WebTransportSession } from "./web_transport_session.ts";

/** What is told of a response beside the response. */
export interface CallListeners {
  /** Told of informational responses. */
  onInformational?(status: number, headers: Headers): void;
  /** Told of the trailers. */
  onTrailers?(trailers: Headers): void;
}

const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** One request and its response, as the client has it. */
export class Call {
  /** ID of its stream. */
  readonly streamId: number;
  readonly #h3: H3Connection;
  readonly #stream: Stream;
  readonly #reader: MessageReader;
  readonly #writer: MessageWriter;

  /** Takes a fresh stream. */
  constructor(h3: H3Connection, stream: Stream, streamId: number) {
    this.#h3 = h3;
    this.#stream = stream;
    this.streamId = streamId;
    this.#reader = new MessageReader(stream, streamId, h3);
    this.#writer = new MessageWriter(stream, streamId, h3.codec);
  }

  /** Resolves when nothing more will be read. */
  get done(): Promise<void> {
    return this.#reader.trailers.then(() => {}, () => {});
  }

  /** Sends a request and reads the response's head; bodies go on by themselves. */
  async fetch(request: Request, listeners: CallListeners): Promise<Response> {
    const give = (): void => this.#giveUp(request.signal.reason);
    request.signal.addEventListener("abort", give);
    const over = (): void => request.signal.removeEventListener("abort", give);
    const sent = this.#send(request);
    try {
      const head = await this.#head(listeners, sent);
      return this.#response(head, { request, listeners, over });
    } catch (error) {
      over();
      this.#giveUp(error);
      request.signal.throwIfAborted();
      throw error;
    }
  }

  /** Opens a WebTransport session on the stream. */
  async connect(url: URL, headers: Headers): Promise<WebTransportSession> {
    const session = this.#h3.sessionTable.add(this.streamId);
    headers.set("sec-webtransport-http3-draft02", "1");
    this.#writer.head(fieldLines([
      [":method", "CONNECT"],
      [":protocol", "webtransport"],
      ...target(url),
    ], headers));
    try {
      await this.#writer.flush();
      const { status } = await this.#head({});
      if (status < 200 || status > 299) throw new TypeError(`Server answered with ${status}`);
    } catch (error) {
      session.refuse(error);
      this.#reader.stop(error);
      this.#stream.reset();
      throw error;
    }
    this.#reader.openTunnel();
    const ends = { reader: this.#reader, writer: this.#writer };
    session.start(new TunnelStream(this.#stream, this.streamId, ends));
    return session;
  }

  async #send(request: Request): Promise<void> {
    const url = new URL(request.url);
    const pseudo: FieldLine[] = [[":method", request.method], ...target(url)];
    this.#writer.head(fieldLines(pseudo, request.headers));
    const body = request.body?.getReader();
    try {
      for (let next = await body?.read(); next && !next.done; next = await body?.read()) {
        await this.#writer.content(next.value);
      }
      await this.#writer.end();
    } catch (error) {
      body?.cancel(error).catch(() => {});
      throw error;
    }
  }

  /** The final head. A request that could not be sent whole may have been answered all the same. */
  async #head(listeners: CallListeners, sent?: Promise<void>): Promise<ResponseHead> {
    let unsent: unknown;
    sent?.catch((error) => unsent = error);
    try {
      for (;;) {
        const start = await this.#reader.start();
        if (start.kind !== "head") throw new TypeError("Answer is no response");
        const head = readResponseHead(start.lines);
        if (head.status >= 200) return head;
        listeners.onInformational?.(head.status, toHeaders(head.headers));
      }
    } catch (error) {
      throw unsent ?? error;
    }
  }

  #response(
    head: ResponseHead,
    { request, listeners, over }: { request: Request; listeners: CallListeners; over(): void },
  ): Response {
    const bodiless = request.method === "HEAD" || head.status === 304;
    this.#reader.acceptContent(bodiless ? undefined : head.contentLength);
    const trailers = this.#reader.trailers;
    trailers.then((found) => listeners.onTrailers?.(found), () => {}).then(over);
    const body = readableFrom(this.#reader, () => this.#reader.stop());
    const init = { status: head.status, headers: toHeaders(head.headers) };
    if (bodiless || NULL_BODY.has(head.status)) {
      body.cancel().catch(() => {});
      return new Response(null, init);
    }
    return new Response(body, init);
  }

  #giveUp(reason: unknown): void {
    const error = new H3StreamError(H3ErrorCode.RequestCancelled, "Request given up", {
      cause: reason,
    });
    this.#reader.stop(error);
    this.#writer.breakOff().catch(() => {}); // the server has left already
  }
}

function target({ host, pathname, search }: URL): FieldLine[] {
  return [[":scheme", "https"], [":authority", host], [":path", pathname + search]];
}

function toHeaders(lines: readonly FieldLine[]): Headers {
  return new Headers(lines.map(([name, value]): [string, string] => [name, value]));
}
