import {
  type CloseInfo,
  type Connection,
  ConnectionClosedError,
  type Datagrams,
  type ReceiveStream,
  type SendStream,
  type Stream,
  type Traffic,
  type UniStreams,
} from "@alknet/core";
import { AcceptQueue, Lifetime } from "@alknet/core/transport";

import { CapsuleParser, CapsuleType, decodeClose, encodeCapsule, encodeClose } from "../capsule.ts";
import { datagramOverheadBytes, encodeDatagram } from "../datagram.ts";
import { FrameType, StreamType } from "../frame_type.ts";
import type { H3Limits } from "../limits.ts";
import { PrefixedStream } from "../prefixed_stream.ts";
import { encodeVarints } from "../varint.ts";
import type { WebTransportSession } from "../web_transport_session.ts";
import { Arrivals } from "./arrivals.ts";
import { DatagramQueue } from "./datagram_queue.ts";
import { SessionReceive, type SessionScope, SessionSend, SessionStream } from "./session_stream.ts";

/** Longest capsule of a known type: the close capsule with its reason, or a datagram. */
const MAX_CAPSULE_BYTES = 65_536;
const READ_BYTES = 4_096;
/** Time for the peer to end its side of the CONNECT stream once the session is over. */
const CLOSE_TIMEOUT_MS = 5_000;

/** What a session is made of. */
export interface SessionParts {
  /** The connection below. */
  readonly conn: Connection;
  /** ID of the CONNECT stream, which is the session's. */
  readonly id: number;
  /** Bounds. */
  readonly limits: H3Limits;
  /** Called once, when it is over. */
  ended(): void;
}

/** One end of a session: what its owner sees, and what the connection below tells it. */
export class Session implements WebTransportSession {
  readonly id: number;
  readonly #parts: SessionParts;
  readonly #lifetime = new Lifetime();
  readonly #scope: SessionScope = { lifetime: this.#lifetime, live: new Set() };
  readonly #bidi = new Arrivals<Stream>(this.#lifetime);
  readonly #uni = new Arrivals<ReceiveStream>(this.#lifetime);
  readonly #incomingUni = new AcceptQueue(() => this.#uni.next());
  readonly #received: DatagramQueue;
  readonly #draining = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<Stream>();
  readonly #incoming = new AcceptQueue(() => this.#bidi.next());
  #tunnel?: Stream;
  #closedByPeer = false;
  #closeTimer?: ReturnType<typeof setTimeout>;

  /** Starts before its CONNECT is answered; nothing is sent until {@linkcode start}. */
  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.#received = new DatagramQueue(parts.limits.maxQueuedDatagrams);
    this.#ready.promise.catch(() => {});
  }

  get streams(): AsyncIterable<Stream> {
    return this.#incoming;
  }

  get ready(): Promise<void> {
    return this.#ready.promise.then(() => {});
  }

  get closed(): Promise<CloseInfo> {
    return this.#lifetime.closed;
  }

  get draining(): Promise<void> {
    return this.#draining.promise;
  }

  get signal(): AbortSignal {
    return this.#lifetime.signal;
  }

  get traffic(): Readonly<Traffic> {
    return this.#lifetime.traffic;
  }

  async openStream(): Promise<Stream> {
    await this.#open();
    const raw = await this.#parts.conn.openStream();
    await raw.write(encodeVarints(FrameType.WebTransportStream, this.id));
    return this.#owned(() => raw.reset(), () => new SessionStream(raw, this.#scope));
  }

  get uni(): UniStreams {
    return { open: () => this.#openUni(), incoming: this.#incomingUni };
  }

  get datagrams(): Datagrams {
    const { conn, id } = this.#parts;
    return {
      get maxBytes(): number {
        return Math.max(0, (conn.datagrams?.maxBytes ?? 0) - datagramOverheadBytes(id));
      },
      send: async (message) => {
        await this.#open();
        await conn.datagrams?.send(encodeDatagram(id, message));
        this.#lifetime.traffic.sent += message.length;
      },
      receive: () => {
        const { info } = this.#lifetime;
        return info ? Promise.reject(new ConnectionClosedError(info)) : this.#received.receive();
      },
    };
  }

  async drain(): Promise<void> {
    const tunnel = await this.#open();
    await tunnel.write(encodeCapsule(CapsuleType.DrainSession, new Uint8Array(0)));
  }

  close(code = 0, reason = ""): void {
    if (!this.end({ code, reason })) return;
    this.#ready.promise.then(async (tunnel) => {
      await tunnel.write(encodeCapsule(CapsuleType.CloseSession, encodeClose(code, reason)));
      await tunnel.closeWrite();
    }).catch(() => {}); // the connection is gone, and the session with it
  }

  /** Closes with code 0. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** The CONNECT was answered: takes over its stream. */
  start(tunnel: Stream): void {
    this.#tunnel = tunnel;
    this.#ready.resolve(tunnel);
    this.#readCapsules(tunnel);
  }

  /** The CONNECT was refused. */
  refuse(error: unknown): void {
    this.#ready.reject(error);
    this.end({ code: 0, reason: "refused" });
  }

  /** A stream of this session has arrived. */
  arrive(stream: Stream, early: Uint8Array): void {
    const source = new PrefixedStream(stream, early);
    this.#bidi.push(new SessionStream(stream, this.#scope, source));
  }

  /** A one-way stream of this session has arrived. */
  arriveUni(source: PrefixedStream): void {
    const cancel = (): void => void source.cancel().catch(() => {});
    this.#uni.push(new SessionReceive(source, this.#scope, cancel));
  }

  /** A datagram of this session has arrived. */
  arriveDatagram(message: Uint8Array<ArrayBuffer>): void {
    this.#lifetime.traffic.received += message.length;
    this.#received.push(message);
  }

  stopAccepting(): void {
    this.#incoming.end();
    this.#incomingUni.end();
  }

  /** Ends it on this side only; returns whether it was not over already. */
  end(info: CloseInfo): boolean {
    if (!this.#lifetime.end(info)) return false;
    const error = new ConnectionClosedError(info);
    for (const giveUp of this.#scope.live) giveUp();
    this.#scope.live.clear();
    this.#received.fail(error);
    this.#ready.reject(error);
    this.stopAccepting();
    this.#parts.ended();
    if (this.#tunnel) {
      this.#closeTimer = setTimeout(() => this.#tunnel?.reset(), CLOSE_TIMEOUT_MS);
    }
    return true;
  }

  /** Waits for the answer to the CONNECT. */
  async #open(): Promise<Stream> {
    this.#lifetime.assertOpen();
    return await this.#ready.promise;
  }

  async #openUni(): Promise<SendStream> {
    await this.#open();
    const raw = await this.#parts.conn.uni?.open();
    if (!raw) throw new TypeError("Cannot open a one-way stream: the connection has none");
    const abort = (): void => void raw.writable.abort().catch(() => {});
    await raw.write(encodeVarints(StreamType.WebTransport, this.id));
    return this.#owned(abort, () => new SessionSend(raw, this.#scope, abort));
  }

  /** The session may have ended while its stream was opened. */
  #owned<T>(giveUp: () => void, wrap: () => T): T {
    if (!this.#lifetime.info) return wrap();
    giveUp();
    throw new ConnectionClosedError(this.#lifetime.info);
  }

  /** Reads the CONNECT stream: a close capsule, or its end without one, ends the session. */
  async #readCapsules(tunnel: Stream): Promise<void> {
    const parser = new CapsuleParser(MAX_CAPSULE_BYTES);
    try {
      for (;;) {
        const buffer = new Uint8Array(READ_BYTES);
        const count = await tunnel.read(buffer);
        if (count === null) break;
        parser.push(buffer.subarray(0, count));
        for (let capsule = parser.next(); capsule; capsule = parser.next()) this.#take(capsule);
        if (this.#closedByPeer) await tunnel.closeWrite();
      }
      parser.end();
      this.end({ code: 0, reason: "" });
      await tunnel.closeWrite();
    } catch {
      this.end({ code: 0, reason: "session stream broke off" });
      tunnel.reset();
    } finally {
      clearTimeout(this.#closeTimer);
    }
  }

  #take({ type, payload }: { type: number; payload: Uint8Array }): void {
    if (type === CapsuleType.CloseSession) {
      this.#closedByPeer = true;
      this.end(decodeClose(payload));
    } else if (type === CapsuleType.DrainSession) this.#draining.resolve();
    else this.arriveDatagram(payload.slice());
  }
}
