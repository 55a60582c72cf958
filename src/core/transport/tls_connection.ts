import type { TLSSocket } from "node:tls";
import { CloseCode } from "../close_code.ts";
import type { Address, CloseInfo, Stream } from "../connection.ts";
import { StreamUnavailableError } from "../errors.ts";
import type { AuthContext, Identity } from "../identity.ts";
import { AcceptQueue } from "./accept_queue.ts";
import { Lifetime } from "./lifetime.ts";
import { type TlsReadOptions, TlsStream } from "./tls_stream.ts";
import type { SingleStream, Traffic, TransportConnection } from "./transport.ts";

/** How long a closed connection may take to send what was written. */
const FLUSH_TIMEOUT_MS = 2_000;

/** What a TLS connection is told at its start. */
export interface TlsConnectionOptions extends TlsReadOptions {
  /** The ALPN of the handshake. */
  readonly alpn: string;
  /** Whether this side dialled: the dialler opens the one stream, the other side accepts it. */
  readonly dialled: boolean;
  /** The name the client asked for. */
  readonly serverName?: string;
  /** Fingerprints of the certificate the peer proved. Default: none. */
  readonly peerFingerprints?: readonly string[];
}

/** A TLS connection over TCP as a connection of ours with exactly one stream. */
export class TlsConnection implements TransportConnection {
  auth?: AuthContext;
  readonly alpn: string;
  readonly serverName?: string;
  readonly remoteAddr: Address;
  readonly transport = "tls";
  readonly handshake: Promise<void> = Promise.resolve();
  readonly peerFingerprints: readonly string[];
  readonly #socket: TLSSocket;
  readonly #lifetime = new Lifetime();
  readonly #streams: AcceptQueue<Stream>;
  readonly #dialled: boolean;
  readonly single: SingleStream;
  #claimed = false;

  /** Takes over a socket whose handshake is done. */
  constructor(socket: TLSSocket, options: TlsConnectionOptions) {
    this.#socket = socket;
    this.alpn = options.alpn;
    this.#dialled = options.dialled;
    this.serverName = options.serverName;
    this.peerFingerprints = options.peerFingerprints ?? [];
    this.remoteAddr = remoteAddrOf(socket);
    this.single = new TlsStream(socket, this.#lifetime, options);
    this.#streams = new AcceptQueue(() => this.#acceptOnce());
    socket.on("error", (error) => this.#end(error.message));
    socket.on("close", () => this.#end(""));
  }

  get identity(): Identity | undefined {
    return this.auth?.identity;
  }

  get streams(): AsyncIterable<Stream> {
    return this.#streams;
  }

  get traffic(): Traffic {
    return this.#lifetime.traffic;
  }

  get closed(): Promise<CloseInfo> {
    return this.#lifetime.closed;
  }

  get signal(): AbortSignal {
    return this.#lifetime.signal;
  }

  // deno-lint-ignore require-await -- the contract is a promise that rejects
  async openStream(): Promise<Stream> {
    this.#lifetime.assertOpen();
    if (!this.#dialled) {
      throw new StreamUnavailableError("Cannot open a stream: only the side that dialled has one");
    }
    return this.#claim();
  }

  close(code = 0, reason = ""): void {
    if (!this.#lifetime.end({ code, reason })) return;
    this.#streams.end();
    if (code === CloseCode.Ok || code === CloseCode.AuthRefused) this.#flushAndDestroy();
    else this.#socket.destroy(); // without close_notify, so that it cannot pass for a clean end
  }

  stopAccepting(): void {
    this.#streams.end();
  }

  /** Closes with code 0. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Lets what was written go out, but not for a peer that has stopped reading. */
  #flushAndDestroy(): void {
    const timer = setTimeout(() => this.#socket.destroy(), FLUSH_TIMEOUT_MS);
    this.#socket.once("close", () => clearTimeout(timer));
    if (this.#socket.destroyed) clearTimeout(timer);
    else if (this.#socket.writableFinished) this.#socket.destroy();
    else this.#socket.end(() => this.#socket.destroy());
  }

  #end(reason: string): void {
    this.#lifetime.end({ code: 0, reason });
    this.#streams.end();
    this.#socket.destroy();
  }

  #claim(): Stream {
    if (this.#claimed) {
      throw new StreamUnavailableError("Cannot open a stream: this connection has only one");
    }
    this.#claimed = true;
    return this.single;
  }

  /** The one stream, once: handlers that loop over streams come to their end with it. */
  #acceptOnce(): Promise<Stream | undefined> {
    return Promise.resolve(this.#dialled || this.#claimed ? undefined : this.#claim());
  }
}

function remoteAddrOf(socket: TLSSocket): Address {
  return { hostname: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 };
}

/** IPv4 addresses as IPv4 also where a dual-stack socket shows them mapped (RFC 4291 2.5.5.2). */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}
