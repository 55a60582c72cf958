import type { CarriedConnection } from "../carriage.ts";
import type { Address, CloseInfo, Connection, Stream } from "../connection.ts";
import { StreamUnavailableError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import { AcceptQueue } from "./accept_queue.ts";
import { Lifetime } from "./lifetime.ts";
import type { Traffic } from "./transport.ts";
import { WebSocketStream } from "./web_socket_stream.ts";

/** What a WebSocket does not tell of itself. */
export interface WebSocketConnectionOptions {
  /** The protocol it carries. */
  readonly alpn: string;
  /** The peer's address. */
  readonly remoteAddr: Address;
  /** Whether this side opened the socket: it opens the one stream too, the other side accepts it. */
  readonly dialled: boolean;
  /** Who the peer is, as of now. Default: a stranger. */
  readonly identity?: () => Identity | undefined;
  /** The name the client asked for. */
  readonly serverName?: string;
  /**
   * Takes text messages of the peer that are no grants, for protocols that have some; it may throw
   * {@linkcode ProtocolError}. Default: such messages end the connection.
   */
  readonly onText?: (text: string) => void;
}

/** Close codes of ours begin here: programs may send 1000 and 3000 to 4999 (RFC 6455 7.4.2). */
const FIRST_CODE = 4_000;
const LAST_CODE = 4_999;
const NORMAL = 1_000;

/** What a close frame holds beside its code (RFC 6455 section 5.5). */
const MAX_REASON_BYTES = 123;

/**
 * A WebSocket as a connection with one stream (docs/protocol/websocket.md), on either side. To be
 * called in the turn in which the socket was made; nobody else may use it.
 *
 * @example
 * ```ts
 * import { webSocketConnection } from "@alknet/core/transport";
 * import { strictEqual } from "node:assert/strict";
 *
 * const remoteAddr = { hostname: "127.0.0.1", port: 0 };
 * const about = { alpn: "example/echo", remoteAddr };
 * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   const conn = webSocketConnection(socket, { ...about, dialled: false });
 *   (async () => {
 *     for await (const stream of conn.streams) await stream.readable.pipeTo(stream.writable);
 *   })();
 *   return response;
 * });
 * const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/`);
 * const conn = webSocketConnection(socket, { ...about, dialled: true });
 * const stream = await conn.openStream();
 * await stream.write(new TextEncoder().encode("hello"));
 * await stream.closeWrite();
 * strictEqual(await new Response(stream.readable).text(), "hello");
 * conn.close();
 * await conn.closed;
 * ```
 */
export function webSocketConnection(
  socket: WebSocket,
  options: WebSocketConnectionOptions,
): Connection & CarriedConnection {
  return new WebSocketConnection(socket, options);
}

class WebSocketConnection implements Connection, CarriedConnection {
  readonly alpn: string;
  readonly serverName?: string;
  readonly remoteAddr: Address;
  readonly transport = "websocket";
  readonly #socket: WebSocket;
  readonly #identity: () => Identity | undefined;
  readonly #dialled: boolean;
  readonly #lifetime = new Lifetime();
  readonly #stream: WebSocketStream;
  readonly #streams: AcceptQueue<Stream>;
  #claimed = false;

  constructor(socket: WebSocket, options: WebSocketConnectionOptions) {
    this.alpn = options.alpn;
    this.serverName = options.serverName;
    this.remoteAddr = options.remoteAddr;
    this.#socket = socket;
    this.#dialled = options.dialled;
    this.#identity = options.identity ?? (() => undefined);
    const giveUp = (): void => this.close(NORMAL);
    const { onText } = options;
    this.#stream = new WebSocketStream(socket, this.#lifetime, { giveUp, onText });
    this.#streams = new AcceptQueue(() => this.#acceptOnce());
    socket.addEventListener("close", ({ code, reason }) => this.#ended(codeOf(code), reason));
    socket.addEventListener("error", () => this.#ended(0, "WebSocket failed"));
  }

  get identity(): Identity | undefined {
    return this.#identity();
  }

  get streams(): AsyncIterable<Stream> {
    return this.#streams;
  }

  get closed(): Promise<CloseInfo> {
    return this.#lifetime.closed;
  }

  get signal(): AbortSignal {
    return this.#lifetime.signal;
  }

  get traffic(): Readonly<Traffic> {
    return this.#lifetime.traffic;
  }

  async openStream(): Promise<Stream> {
    this.#lifetime.assertOpen();
    if (!this.#dialled || this.#claimed) {
      throw new StreamUnavailableError("Cannot open a stream: a WebSocket carries only one");
    }
    this.#claimed = true;
    await this.#stream.ready;
    return this.#stream;
  }

  close(code = 0, reason = ""): void {
    if (!this.#lifetime.end({ code, reason })) return;
    this.#streams.end();
    closeSocket(this.#socket, socketCloseCode(code), reason);
  }

  stopAccepting(): void {
    this.#streams.end();
  }

  /** Closes with code 0. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #ended(code: number, reason: string): void {
    this.#lifetime.end({ code, reason });
    this.#streams.end();
  }

  #acceptOnce(): Promise<Stream | undefined> {
    if (this.#dialled || this.#claimed) return Promise.resolve(undefined);
    this.#claimed = true;
    return Promise.resolve(this.#stream);
  }
}

/**
 * Closes a WebSocket, also one that is only being opened.
 *
 * @param code Of the close frame: 1000, or 3000 to 4999.
 * @param reason For people; clipped to what a close frame holds.
 */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  const close = (): void => socket.close(code, clipped(reason));
  socket.addEventListener("open", close); // Deno forgets it while it is upgrading
  close();
}

/** The code of a close frame for a close code of a connection: 4000 and that, or 1000 for none. */
export function socketCloseCode(code: number): number {
  return code > 0 && FIRST_CODE + code <= LAST_CODE ? FIRST_CODE + code : NORMAL;
}

function codeOf(code: number): number {
  return code > FIRST_CODE && code <= LAST_CODE ? code - FIRST_CODE : 0;
}

function clipped(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.length <= MAX_REASON_BYTES) return reason;
  return new TextDecoder().decode(bytes.subarray(0, MAX_REASON_BYTES)).replace(/\uFFFD$/, "");
}
