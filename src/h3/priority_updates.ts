import type { Priority } from "./priority.ts";

const MAX_UPDATES = 128;

/** Priorities of requests that have not arrived yet (RFC 9218 section 7); the oldest are dropped. */
export class PriorityUpdates {
  readonly #updates = new Map<number, Priority>();

  /** Keeps one. */
  set(streamId: number, priority: Priority): void {
    this.#updates.delete(streamId);
    this.#updates.set(streamId, priority);
    const [oldest] = this.#updates.keys();
    if (this.#updates.size > MAX_UPDATES && oldest !== undefined) this.#updates.delete(oldest);
  }

  /** Takes the one of a stream. */
  take(streamId: number): Priority | undefined {
    const priority = this.#updates.get(streamId);
    this.#updates.delete(streamId);
    return priority;
  }
}
