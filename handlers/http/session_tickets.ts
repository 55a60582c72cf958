/** Time a ticket is good for. */
export const TICKET_MS = 30_000;

/** How many tickets may wait to be used. */
export interface TicketLimits {
  /** Of all. Default: 1,000. */
  readonly maxTickets: number;
  /** Of one identity. Default: 32. */
  readonly maxTicketsPerIdentity: number;
}

/** What {@linkcode SessionTickets} uses where nothing else is said. */
export const DEFAULT_TICKET_LIMITS: TicketLimits = { maxTickets: 1_000, maxTicketsPerIdentity: 32 };

/** What a ticket stands for. */
interface Issued<T> {
  readonly value: T;
  readonly holder: string;
  readonly expiresAt: number;
}

/**
 * Tickets for browsers, which cannot send an Authorization header with a WebTransport session or a
 * WebSocket, and must not put a token into a URL, where it would stay in logs and histories: 128
 * random bits that stand for the token, or for what else was agreed on, once and for half a minute.
 * Those that wait are never pushed out by others: where there is no room, nobody gets a new one.
 */
export class SessionTickets<T = string> {
  /** Oldest first, which is also the order in which they end. */
  readonly #issued = new Map<string, Issued<T>>();
  readonly #held = new Map<string, number>();
  readonly #limits: TicketLimits;
  readonly #now: () => number;

  /** `now` tells milliseconds, for tests. */
  constructor(
    { now = () => performance.now(), ...limits }: Partial<TicketLimits> & { now?: () => number } =
      {},
  ) {
    this.#limits = { ...DEFAULT_TICKET_LIMITS, ...limits };
    this.#now = now;
  }

  /**
   * Makes a ticket for something.
   *
   * @param holder Id of the identity that it is for.
   * @returns Undefined where a limit is reached.
   */
  issue(value: T, holder: string): string | undefined {
    this.#forgetLate();
    const held = this.#held.get(holder) ?? 0;
    if (held >= this.#limits.maxTicketsPerIdentity) return undefined;
    if (this.#issued.size >= this.#limits.maxTickets) return undefined;
    const ticket = crypto.getRandomValues(new Uint8Array(16)).toHex();
    this.#issued.set(ticket, { value, holder, expiresAt: this.#now() + TICKET_MS });
    this.#held.set(holder, held + 1);
    return ticket;
  }

  /** What a ticket stands for, if it is good; it is used up by that. */
  redeem(ticket: string): T | undefined {
    this.#forgetLate();
    return this.#take(ticket)?.value;
  }

  #forgetLate(): void {
    const now = this.#now();
    for (const [ticket, { expiresAt }] of this.#issued) {
      if (expiresAt > now) return;
      this.#take(ticket);
    }
  }

  #take(ticket: string): Issued<T> | undefined {
    const issued = this.#issued.get(ticket);
    if (!issued) return undefined;
    this.#issued.delete(ticket);
    const left = (this.#held.get(issued.holder) ?? 1) - 1;
    if (left > 0) this.#held.set(issued.holder, left);
    else this.#held.delete(issued.holder);
    return issued;
  }
}
