import { CloseCode } from "./close_code.ts";
import { endsWithin } from "./ends_within.ts";
import type { LiveSession } from "./live_session.ts";
import { sessionSpan } from "./telemetry.ts";
import type { Traffic } from "./transport/transport.ts";

/** Sessions that end within this many milliseconds of the signal need no further waiting. */
const CLOSE_FLUSH_MS = 50;

/** The live connections of one endpoint. */
export class Sessions {
  readonly #own = new Set<LiveSession>();
  /** Those that others carry, which count their bytes. */
  readonly #carried = new Set<LiveSession>();
  readonly #ended: Traffic = { received: 0, sent: 0 };

  /** Follows a connection to its end. */
  add(session: LiveSession): void {
    this.#follow(session, this.#own);
    session.done.then(() => add(this.#ended, session.conn.traffic));
  }

  /** Follows one that another carries. */
  addCarried(session: LiveSession): void {
    this.#follow(session, this.#carried);
  }

  /** All of them, as of now. */
  get all(): LiveSession[] {
    return [...this.#own, ...this.#carried];
  }

  /** Bytes of all that ever were. */
  get traffic(): Traffic {
    const total = { ...this.#ended };
    for (const { conn } of this.#own) add(total, conn.traffic);
    return total;
  }

  /** Looks every peer up again. */
  reauthorize(): void {
    for (const session of this.all) session.reauthorize();
  }

  /** Takes no further streams, waits, and closes what is left. */
  async drain(timeoutMs: number): Promise<void> {
    for (const { conn } of this.all) conn.stopAccepting();
    await settledWithin(this.all, timeoutMs);
    // Carried ones first: their ends are told over those that carry them.
    for (const sessions of [this.#carried, this.#own]) {
      for (const { conn } of sessions) conn.close(CloseCode.ShuttingDown, "shutting down");
      if (sessions.size > 0) await settledWithin(this.#own, CLOSE_FLUSH_MS);
    }
  }

  #follow(session: LiveSession, among: Set<LiveSession>): void {
    among.add(session);
    const endSpan = sessionSpan(session);
    session.done.then(() => {
      among.delete(session);
      endSpan();
    });
  }
}

async function settledWithin(sessions: Iterable<LiveSession>, ms: number): Promise<void> {
  await endsWithin(Promise.allSettled([...sessions].map((session) => session.done)), ms);
}

function add(total: Traffic, { received, sent }: Readonly<Traffic>): void {
  total.received += received;
  total.sent += sent;
}
