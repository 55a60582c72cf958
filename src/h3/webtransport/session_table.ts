import type { Connection, Stream } from "@alknet/core";

import { decodeDatagram } from "../datagram.ts";
import { H3ErrorCode } from "../error_code.ts";
import { H3ConnectionError } from "../errors.ts";
import type { H3Limits } from "../limits.ts";
import type { PrefixedStream } from "../prefixed_stream.ts";
import { isExact } from "../varint.ts";
import { Session } from "./session.ts";

/** Sessions that are over and remembered, so that late streams of theirs are turned away. */
const MAX_REMEMBERED = 64;

/** A stream that came before its session did, or after. */
interface EarlyStream {
  readonly sessionId: number;
  deliver(session: Session): void;
  giveUp(): void;
}

/** The WebTransport sessions of one connection, by ID, and what arrives for them. */
export class SessionTable {
  readonly #conn: Connection;
  readonly #limits: H3Limits;
  readonly #failed: (error: unknown) => void;
  readonly #sessions = new Map<number, Session>();
  readonly #gone = new Set<number>();
  #early: EarlyStream[] = [];
  #readingDatagrams = false;

  /** @param options Bounds, and who is told of what ends the connection. */
  constructor(conn: Connection, options: { limits: H3Limits; failed(error: unknown): void }) {
    this.#conn = conn;
    this.#limits = options.limits;
    this.#failed = options.failed;
    conn.closed.then((info) => {
      for (const session of this.#sessions.values()) session.end(info);
    });
  }

  /** Makes a session for a CONNECT stream; streams that came early are delivered. */
  add(id: number): Session {
    const session = new Session({
      conn: this.#conn,
      id,
      limits: this.#limits,
      ended: () => this.turnAway(id),
    });
    this.#sessions.set(id, session);
    for (const early of this.#takeEarly(id)) early.deliver(session);
    this.#readDatagrams();
    return session;
  }

  /** There is no such session any longer, or there will be none. */
  turnAway(id: number): void {
    this.#sessions.delete(id);
    this.#gone.add(id);
    for (const oldest of this.#gone) {
      if (this.#gone.size > MAX_REMEMBERED) this.#gone.delete(oldest);
      else break;
    }
    for (const early of this.#takeEarly(id)) early.giveUp();
  }

  /** A bidirectional stream names its session. */
  arrive(sessionId: number, stream: Stream, early: Uint8Array): void {
    this.#deliver({
      sessionId,
      deliver: (session) => session.arrive(stream, early),
      giveUp: () => stream.reset(),
    });
  }

  /** A one-way stream names its session. */
  arriveUni(sessionId: number, stream: PrefixedStream): void {
    this.#deliver({
      sessionId,
      deliver: (session) => session.arriveUni(stream),
      giveUp: () => void stream.cancel().catch(() => {}),
    });
  }

  /** The connection is shutting down: sessions take no more streams and are asked to end. */
  drain(): void {
    for (const session of this.#sessions.values()) {
      session.stopAccepting();
      session.drain().catch(() => {}); // over already
    }
  }

  #takeEarly(id: number): EarlyStream[] {
    const taken = this.#early.filter((early) => early.sessionId === id);
    if (taken.length > 0) this.#early = this.#early.filter((early) => early.sessionId !== id);
    return taken;
  }

  #deliver(early: EarlyStream): void {
    const { sessionId } = early;
    if (sessionId % 4 !== 0 || !isExact(sessionId)) {
      const message = `Stream of a session ${sessionId} that cannot be`;
      throw new H3ConnectionError(H3ErrorCode.IdError, message);
    }
    const session = this.#sessions.get(sessionId);
    if (session) return early.deliver(session);
    if (this.#gone.has(sessionId)) return early.giveUp();
    this.#early.push(early);
    if (this.#early.length > this.#limits.maxEarlyStreams) this.#early.shift()?.giveUp();
  }

  /** Runs from the first session on; before that, datagrams wait within QUIC or are lost. */
  async #readDatagrams(): Promise<void> {
    const { datagrams } = this.#conn;
    if (!datagrams || this.#readingDatagrams) return;
    this.#readingDatagrams = true;
    try {
      for (;;) {
        const { streamId, payload } = decodeDatagram(await datagrams.receive());
        this.#sessions.get(streamId)?.arriveDatagram(payload);
      }
    } catch (error) {
      this.#failed(error);
    }
  }
}
