/** Time a ticket is good for. */
export const TICKET_MS = 30_000;
/** Tickets that are not redeemed yet; the oldest go first. */
const MAX_TICKETS = 1_000;

/** What a ticket stands for. */
interface Issued<T> {
  readonly value: T;
  readonly expiresAt: number;
}

/**
 * Tickets for browsers, which cannot send an Authorization header with a WebTransport session or a
 * WebSocket, and must not put a token into a URL, where it would stay in logs and histories: 128
 * random bits that stand for the token, or for what else was agreed on, once and for half a minute.
 */
export class SessionTickets<T = string> {
  readonly #issued = new Map<string, Issued<T>>();
  readonly #now: () => number;

  /** @param now Milliseconds, for tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Makes a ticket for something. */
  issue(value: T): string {
    const ticket = crypto.getRandomValues(new Uint8Array(16)).toHex();
    this.#issued.set(ticket, { value, expiresAt: this.#now() + TICKET_MS });
    const [oldest] = this.#issued.keys();
    if (this.#issued.size > MAX_TICKETS && oldest !== undefined) this.#issued.delete(oldest);
    return ticket;
  }

  /** What a ticket stands for, if it is good; it is used up by that. */
  redeem(ticket: string): T | undefined {
    const issued = this.#issued.get(ticket);
    this.#issued.delete(ticket);
    return issued && issued.expiresAt > this.#now() ? issued.value : undefined;
  }
}
