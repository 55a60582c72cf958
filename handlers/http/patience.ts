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
 */
export class Patience implements Disposable {
  readonly #idleTimeoutMs: number;
  readonly #runOut: () => void;
  #timer?: ReturnType<typeof setTimeout>;
  #active = 0;
  #over = false;

  /** Starts the clock. */
  constructor({ headTimeoutMs, idleTimeoutMs }: PatienceOptions, runOut: () => void) {
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#runOut = runOut;
    this.#timer = setTimeout(runOut, headTimeoutMs);
  }

  /** A complete request head has arrived. */
  requestBegins(): void {
    this.#active++;
    clearTimeout(this.#timer);
  }

  /** A response has been sent, or given up. */
  requestEnds(): void {
    this.#active--;
    if (this.#active > 0 || this.#over) return;
    this.#timer = setTimeout(this.#runOut, this.#idleTimeoutMs);
  }

  /** The connection carries something else than requests from now on, or is over. */
  [Symbol.dispose](): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }
}
