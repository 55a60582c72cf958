import type { Stream } from "@alknet/core";

import { type BodyFraming, framingOf } from "./body_framing.ts";
import { ChunkedDecoder } from "./chunked.ts";
import { H1Error } from "./errors.ts";
import { chunk, type H1Request, isChunked, lengthOf, requestHead } from "./request_bytes.ts";
import { parseResponseHead, type ResponseHead } from "./response_head.ts";

/** What a server answered. */
export interface H1Response {
  /** 200 to 599. */
  readonly status: number;
  /** Fields in order, names in lower case. */
  readonly fields: ResponseHead["fields"];
  /** Undefined where there is none. */
  readonly body?: ReadableStream<Uint8Array<ArrayBuffer>>;
}

const READ_BYTES = 65_536;
const NOTHING = new Uint8Array();

/** Interim responses that are passed over before a server that sends nothing else is given up. */
const MAX_INTERIM = 16;

/**
 * One connection to a server, for one request after the other (RFC 9112): over TCP, a Unix socket,
 * or a stream to another node.
 */
export class H1Connection {
  readonly #stream: Stream;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #unread: Uint8Array = NOTHING;
  #sent?: Promise<boolean>;
  /** A read that was begun while nothing was asked. */
  #ahead?: Promise<number | null>;

  /** Takes over a stream that nothing was sent on yet. */
  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /**
   * Sends a request and reads the head of its answer; request and response bodies flow at once.
   *
   * @param done Told once, when both bodies are through: whether another request may follow.
   * @throws {H1Error} For an answer that is none.
   * @throws What the stream throws.
   */
  async request(request: H1Request, done: (reusable: boolean) => void): Promise<H1Response> {
    this.#sent = this.#send(request);
    const head = await this.#finalHead();
    const framing = framingOf(request.method, head);
    const { status, fields } = head;
    const end = async (whole: boolean): Promise<void> => {
      const clean = whole && head.keepAlive && framing.kind !== "until-close";
      done(clean && this.#unread.length === 0 && await this.#isSent());
    };
    if (framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0)) {
      await end(true);
      return { status, fields };
    }
    return { status, fields, body: this.#body(framing, end) };
  }

  /**
   * To be called while nothing is asked: tells when the server ends the connection, or sends what
   * nobody asked for. What comes after the next request is its answer.
   */
  watch(gone: () => void): void {
    this.#ahead = this.#stream.read(this.#buffer);
    this.#ahead.then(gone, gone);
  }

  /** Gives the connection up. */
  close(): void {
    this.#stream.reset();
  }

  /** Resolves to whether all of the request could be sent; never rejects. */
  async #send(request: H1Request): Promise<boolean> {
    try {
      if (!await this.#sendAll(requestHead(request))) return false;
      return !request.body || await this.#sendBody(request.body, request);
    } catch {
      this.close(); // who sends the body has left: the server would wait for the rest
      return false;
    }
  }

  /** Resolves to whether it was as long as the head says; what is beyond that is not sent. */
  async #sendBody(body: ReadableStream<Uint8Array>, request: H1Request): Promise<boolean> {
    const chunked = isChunked(request);
    let left = lengthOf(request) ?? Infinity;
    for await (const data of body) {
      if (data.length > left) return false; // it would be taken for the next request
      left -= data.length;
      const bytes = chunked ? chunk(data) : data;
      if (data.length > 0 && !await this.#sendAll(bytes)) return false;
      request.onProgress?.();
    }
    if (chunked) return await this.#sendAll(chunk(NOTHING));
    return left === 0;
  }

  /** Resolves to whether it could: if not, an answer may come all the same, and says more. */
  async #sendAll(bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#stream.write(bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** A server that has answered without reading the body makes no further use of the connection. */
  async #isSent(): Promise<boolean> {
    return await Promise.race([this.#sent, Promise.resolve(false)]) === true;
  }

  async #finalHead(): Promise<ResponseHead> {
    for (let interim = 0; interim <= MAX_INTERIM; interim++) {
      const head = await this.#head();
      if (head.status >= 200) return head;
      if (head.status === 101) throw new H1Error("Server changes the protocol unasked");
    }
    throw new H1Error("Server sends interim responses without end");
  }

  async #head(): Promise<ResponseHead> {
    let parsed = parseResponseHead(this.#unread);
    while (!parsed) {
      const more = await this.#read();
      if (!more) throw new H1Error("Server ended the connection before its answer");
      this.#unread = joined(this.#unread, more);
      parsed = parseResponseHead(this.#unread);
    }
    this.#unread = this.#unread.slice(parsed.used);
    return parsed.head;
  }

  #body(
    framing: BodyFraming,
    end: (whole: boolean) => Promise<void>,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const source = framing.kind === "chunked" ? this.#chunks() : this.#plain(framing);
    return new ReadableStream({
      async pull(controller): Promise<void> {
        try {
          const { done, value } = await source.next();
          if (!done) return controller.enqueue(value);
        } catch (error) {
          await end(false);
          throw error;
        }
        await end(true);
        controller.close();
      },
      cancel: () => end(false),
    }, { highWaterMark: 0 });
  }

  async *#plain(framing: BodyFraming): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    let left = framing.kind === "length" ? framing.bytes : Infinity;
    while (left > 0) {
      const bytes = await this.#next();
      if (!bytes && left === Infinity) return;
      if (!bytes) throw new H1Error("Server ended the connection within its answer");
      const data = bytes.slice(0, left);
      this.#unread = bytes.slice(data.length);
      left -= data.length;
      yield data;
    }
  }

  async *#chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    const decoder = new ChunkedDecoder();
    while (!decoder.over) {
      const bytes = await this.#next();
      if (!bytes) throw new H1Error("Server ended the connection within its answer");
      const { data, used } = decoder.push(bytes);
      const parts = data.map((part) => part.slice());
      this.#unread = bytes.slice(used);
      yield* parts;
    }
  }

  /** What was read and not used, else what comes next. */
  async #next(): Promise<Uint8Array | undefined> {
    if (this.#unread.length === 0) return await this.#read();
    const bytes = this.#unread;
    this.#unread = NOTHING;
    return bytes;
  }

  /** Bytes that are valid until the next read. */
  async #read(): Promise<Uint8Array | undefined> {
    const reading = this.#ahead ?? this.#stream.read(this.#buffer);
    this.#ahead = undefined;
    const count = await reading;
    return count === null ? undefined : this.#buffer.subarray(0, count);
  }
}

/** Both, one after the other. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
