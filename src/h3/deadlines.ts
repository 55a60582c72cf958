/** Something that has to be over by a time. */
export interface Deadline {
  readonly at: number;
  expire(): void;
}

/**
 * Many deadlines with one timer: a timer for each request would cost as much as parsing it. They
 * expire up to one interval late.
 */
export class Deadlines implements Disposable {
  readonly #open = new Set<Deadline>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param each Called at every tick, before what is late expires. */
  constructor(intervalMs: number, each: () => void) {
    this.#timer = setInterval(() => {
      each();
      this.#tick(performance.now());
    }, intervalMs);
  }

  /** Sets one. */
  add(timeoutMs: number, expire: () => void): Deadline {
    const deadline = { at: performance.now() + timeoutMs, expire };
    this.#open.add(deadline);
    return deadline;
  }

  /** It was kept. */
  delete(deadline: Deadline): void {
    this.#open.delete(deadline);
  }

  /** Stops looking. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#open.clear();
  }

  #tick(now: number): void {
    for (const deadline of this.#open) {
      if (deadline.at > now) continue;
      this.#open.delete(deadline);
      deadline.expire();
    }
  }
}
