/** How long a connection may keep the server waiting. */
export interface PatienceOptions {
  /** From its beginning to its first complete request head. */
  readonly headTimeoutMs: number;
  /** From the end of its last request to the next complete head. */
  readonly idleTimeoutMs: number;
}

/**
 * Runs out when a connection brings no complete request head in time: at its beginning, and again
 * whenever it has no request under way. A connection with a request under way, or one that became a
 * WebSocket, never runs out: how long that lasts is the application's business.
 *
 * A timer for each request would cost as much as reading it: the one there is looks at the deadline
 * when it fires, and is set again if that has moved on.
 */
export class Patience implements Disposable {
  readonly #idleTimeoutMs: number;
  readonly #runOut: () => void;
  readonly #now: () => number;
  #timer?: ReturnType<typeof setTimeout>;
  #firesAt = Infinity;
  #deadline: number;
  #active = 0;
  #over = false;

  /**
   * Starts the clock.
   *
   * @param now Milliseconds, for tests.
   */
  constructor(
    { headTimeoutMs, idleTimeoutMs }: PatienceOptions,
    runOut: () => void,
    now: () => number = () => performance.now(),
  ) {
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#runOut = runOut;
    this.#now = now;
    this.#deadline = now() + headTimeoutMs;
    this.#fireAfter(headTimeoutMs);
  }

  /** A complete request head has arrived. */
  requestBegins(): void {
    this.#active++;
  }

  /** A response has been sent, or given up. */
  requestEnds(): void {
    this.#active--;
    if (this.#active > 0 || this.#over) return;
    this.#deadline = this.#now() + this.#idleTimeoutMs;
    if (this.#firesAt > this.#deadline) this.#fireAfter(this.#idleTimeoutMs);
  }

  /** The connection carries something else than requests from now on, or is over. */
  [Symbol.dispose](): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #fireAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = this.#now() + ms;
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    this.#firesAt = Infinity;
    if (this.#active > 0) return; // the end of the last request sets it again
    const left = this.#deadline - this.#now();
    if (left > 0) this.#fireAfter(left);
    else this.#runOut();
  }
}
