/** Items sent before everything else has its turn. */
const MAX_IN_A_TURN = 64;

/**
 * Lets everything else have its turn. What a transport has room for is sent without waiting, and an
 * operation may have its next item at once: nothing but promises, so that no other connection, timer
 * or packet is looked at until some window is full. Whoever sends many asks here before each.
 */
export class Turns {
  #taken = 0;
  #next?: Promise<void>;

  /** Counts one; returns what to wait for when it is others' turn. */
  take(): Promise<void> | undefined {
    if (this.#next) return this.#next;
    if (++this.#taken < MAX_IN_A_TURN) return undefined;
    return this.#next = new Promise((resolve) => {
      soon(() => {
        this.#taken = 0;
        this.#next = undefined;
        resolve();
      });
    });
  }
}

/** Those of this program: all connections share one thread. */
export const TURNS = new Turns();

/** After what has come meanwhile; browsers have only timers for that. */
function soon(work: () => void): void {
  if ("setImmediate" in globalThis) setImmediate(work);
  else setTimeout(work, 0);
}
