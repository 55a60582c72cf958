import type { Address, CarriedConnection, CloseInfo, Identity, Traffic } from "@alknet/core";
import { closeSocket, Lifetime, socketCloseCode } from "@alknet/core/transport";

/** What a WebSocket does not tell of itself. */
export interface SocketInUseOptions {
  readonly alpn: string;
  readonly remoteAddr: Address;
  /** Who the peer is, as of now. */
  identity(): Identity | undefined;
}

/** A WebSocket that its handler speaks on by itself, for the endpoint to list and to close. */
export class SocketInUse implements CarriedConnection {
  readonly alpn: string;
  readonly remoteAddr: Address;
  readonly transport = "websocket";
  readonly #socket: WebSocket;
  readonly #identity: () => Identity | undefined;
  readonly #codeOf: (code: number) => number | undefined;
  readonly #lifetime = new Lifetime();

  /** @param codeOf With what code the socket is closed, where its protocol has codes of its own. */
  constructor(
    socket: WebSocket,
    { alpn, remoteAddr, identity }: SocketInUseOptions,
    codeOf: (code: number) => number | undefined,
  ) {
    this.alpn = alpn;
    this.remoteAddr = remoteAddr;
    this.#socket = socket;
    this.#identity = identity;
    this.#codeOf = codeOf;
    count(socket, this.#lifetime.traffic);
    socket.addEventListener("close", ({ reason }) => this.#lifetime.end({ code: 0, reason }));
    socket.addEventListener("error", () => this.#lifetime.end({ code: 0, reason: "" }));
  }

  get identity(): Identity | undefined {
    return this.#identity();
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

  close(code = 0, reason = ""): void {
    if (this.#lifetime.info) return;
    // Before the handler hears of it, which would close the socket with a code of its own.
    closeSocket(this.#socket, this.#codeOf(code) ?? socketCloseCode(code), reason);
    this.#lifetime.end({ code, reason });
  }

  /** There are no streams to stop; the handler's signal has told it. */
  stopAccepting(): void {}
}

/** Counts what passes; a WebSocket tells of what comes, and of what goes only to who calls `send`. */
function count(socket: WebSocket, traffic: Traffic): void {
  const send = socket.send.bind(socket);
  socket.addEventListener("message", ({ data }) => traffic.received += bytesOf(data));
  socket.send = (data) => {
    send(data);
    traffic.sent += bytesOf(data);
  };
}

function bytesOf(data: string | Blob | ArrayBufferLike | ArrayBufferView): number {
  if (typeof data === "string") return new TextEncoder().encode(data).length;
  return data instanceof Blob ? data.size : data.byteLength;
}
