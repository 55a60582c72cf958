import { type HandlerContext, type Identity, type IdentityProvider, NOBODY } from "@alknet/core";

import {
  call,
  type CallOptions,
  decodeEnvelope,
  encodeEnvelope,
  type EventEnvelope,
} from "../mod.ts";
import { Operations } from "./support.ts";

/** A node that serves the protocol on WebSockets. */
export interface SocketServer extends AsyncDisposable {
  readonly ops: Operations;
  readonly url: string;
  /** Ends what it serves, as a node does that shuts down. */
  readonly shutdown: AbortController;
  /** Sockets it has served to their end. */
  readonly ended: number;
}

/** What {@linkcode serveSockets} can be told. */
export interface SocketServerOptions extends Partial<CallOptions> {
  readonly identities?: IdentityProvider;
  /** Who the peer is now. */
  readonly identity?: () => Identity | undefined;
}

/** Serves WebSockets on a free port. */
export function serveSockets(options: SocketServerOptions = {}): SocketServer {
  const { identities = NOBODY, identity, ...rest } = options;
  const ops = new Operations();
  const handler = call({ dispatcher: ops, ...rest });
  const shutdown = new AbortController();
  let ended = 0;
  const ctx = (): HandlerContext => ({
    auth: {
      alpn: "http/1.1",
      remoteAddr: { hostname: "127.0.0.1", port: 1 },
      get identity(): Identity | undefined {
        return identity?.();
      },
    },
    identities,
    signal: shutdown.signal,
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    handler.acceptSocket(socket, ctx()).then(() => ended++);
    return response;
  });
  return {
    ops,
    url: `ws://127.0.0.1:${server.addr.port}/`,
    shutdown,
    get ended(): number {
      return ended;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A WebSocket whose messages the test writes and reads by hand. */
export class RawSocket implements AsyncDisposable {
  readonly socket: WebSocket;
  /** How the socket was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #opened = Promise.withResolvers<void>();
  readonly #queue: EventEnvelope[] = [];
  #arrived?: () => void;
  #over = false;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.closed = new Promise((resolve) => {
      this.socket.addEventListener("close", ({ code, reason }) => {
        this.#over = true;
        this.#arrived?.();
        resolve({ code, reason });
      });
    });
    this.socket.addEventListener("open", () => this.#opened.resolve());
    this.socket.addEventListener("message", ({ data }) => {
      this.#queue.push(decodeEnvelope(new Uint8Array(data)));
      this.#arrived?.();
    });
  }

  async send(...events: readonly EventEnvelope[]): Promise<void> {
    for (const event of events) await this.write(encodeEnvelope(event));
  }

  async write(message: Uint8Array<ArrayBuffer> | string): Promise<void> {
    await this.#opened.promise;
    this.socket.send(message);
  }

  /** The next envelope, or undefined at the end. */
  async next(): Promise<EventEnvelope | undefined> {
    while (this.#queue.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => this.#arrived = resolve);
    }
    return this.#queue.shift();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
