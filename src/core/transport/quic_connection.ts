import type {
  Address,
  CloseInfo,
  Datagrams,
  ReceiveStream,
  SendStream,
  Stream,
  UniStreams,
} from "../connection.ts";
import { ConnectionClosedError } from "../errors.ts";
import type { AuthContext, Identity } from "../identity.ts";
import { AcceptQueue } from "./accept_queue.ts";
import { Lifetime } from "./lifetime.ts";
import { QuicReceive, QuicSend, QuicStream } from "./quic_stream.ts";
import type { Traffic, TransportConnection } from "./transport.ts";

/** A QUIC connection of Deno's as a connection of ours (RFC 9000). */
export class QuicConnection implements TransportConnection {
  auth?: AuthContext;
  readonly alpn: string;
  readonly serverName?: string;
  readonly remoteAddr: Address;
  readonly transport = "quic";
  readonly handshake: Promise<void>;
  readonly peerFingerprints: readonly string[] = [];
  readonly #conn: Deno.QuicConn;
  readonly #lifetime = new Lifetime();
  readonly #streams: AcceptQueue<Stream>;
  #datagrams?: Datagrams;
  #uni?: UniStreams;

  /** Takes over a connection; nobody else may read its streams from here on. */
  constructor(conn: Deno.QuicConn) {
    this.#conn = conn;
    this.alpn = conn.protocol ?? "";
    this.serverName = conn.serverName ?? undefined;
    this.remoteAddr = { hostname: conn.remoteAddr.hostname, port: conn.remoteAddr.port };
    const incoming = conn.incomingBidirectionalStreams.getReader();
    this.#streams = new AcceptQueue<Stream>(async () => {
      const stream = await nextOf(incoming);
      return stream && new QuicStream(stream, this.#lifetime);
    });
    conn.closed.then(
      ({ closeCode, reason }) => this.#lifetime.end({ code: closeCode, reason }),
      (error: Error) => this.#lifetime.end({ code: 0, reason: error.message }),
    );
    this.closed.then(() => this.#streams.end());
    this.handshake = this.#handshakeOrClosed();
    this.handshake.catch(() => {});
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

  async openStream(): Promise<Stream> {
    this.#lifetime.assertOpen();
    const stream = await this.#conn.createBidirectionalStream({ waitUntilAvailable: true })
      .catch((error) => this.#ended(error));
    return new QuicStream(stream, this.#lifetime);
  }

  get datagrams(): Datagrams {
    const conn = this.#conn;
    return this.#datagrams ??= {
      get maxBytes(): number {
        return conn.maxDatagramSize;
      },
      send: (message) => this.#sendDatagram(message),
      receive: () => this.#receiveDatagram(),
    };
  }

  get uni(): UniStreams {
    if (this.#uni) return this.#uni;
    const incoming = this.#conn.incomingUnidirectionalStreams.getReader();
    const streams = new AcceptQueue<ReceiveStream>(async () => {
      const stream = await nextOf(incoming);
      return stream && new QuicReceive(stream, this.#lifetime);
    });
    this.closed.then(() => streams.end());
    return this.#uni = { open: () => this.#openUni(), incoming: streams };
  }

  close(code = 0, reason = ""): void {
    if (!this.#lifetime.end({ code, reason })) return;
    this.#conn.close({ closeCode: code, reason });
  }

  stopAccepting(): void {
    this.#streams.end();
  }

  /** Closes with code 0. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #openUni(): Promise<SendStream> {
    this.#lifetime.assertOpen();
    const stream = await this.#conn.createUnidirectionalStream({ waitUntilAvailable: true })
      .catch((error) => this.#ended(error));
    return new QuicSend(stream, this.#lifetime);
  }

  async #sendDatagram(message: Uint8Array): Promise<void> {
    this.#lifetime.assertOpen();
    if (message.length > this.#conn.maxDatagramSize) {
      throw new RangeError(
        `Cannot send a datagram of ${message.length} bytes: at most ${this.#conn.maxDatagramSize}`,
      );
    }
    await this.#conn.sendDatagram(message).catch((error) => this.#ended(error));
    this.traffic.sent += message.length;
  }

  async #receiveDatagram(): Promise<Uint8Array<ArrayBuffer>> {
    const message = await this.#conn.readDatagram().catch((error) => this.#ended(error));
    this.traffic.received += message.length;
    return new Uint8Array(message);
  }

  /** Deno's `handshake` stays pending when the connection dies before it is done. */
  async #handshakeOrClosed(): Promise<void> {
    const closed = this.closed.then((info) => {
      throw new ConnectionClosedError(info);
    });
    await Promise.race([this.#conn.handshake, closed]);
  }

  async #ended(error: unknown): Promise<never> {
    throw new ConnectionClosedError(await this.closed, { cause: error });
  }
}

/** The next incoming stream, or undefined when the connection is over, however it ended. */
async function nextOf<T>(reader: ReadableStreamDefaultReader<T>): Promise<T | undefined> {
  try {
    return (await reader.read()).value;
  } catch {
    return undefined; // a lost connection throws here; `closed` tells why
  }
}
