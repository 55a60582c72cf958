import type { WebLimits } from "../door/limits.ts";
import { Places } from "../door/places.ts";
import { HttpProblem, tooMany, unauthorized } from "../door/problem.ts";
import type { Visit } from "../door/visit.ts";
import type { LiveSubscription, ReplayOptions, Subscriber } from "./live_subscription.ts";

interface Resumable {
  readonly live: LiveSubscription;
  readonly owner: string;
}

/** A place for a subscription that can be resumed, given back when disposed of. */
export type ResumablePlace = ReplayOptions & Disposable;

/** Subscriptions whose subscribers may come back, each only to its own. */
export class Resumables implements Disposable {
  readonly #limits: WebLimits;
  readonly #byId = new Map<string, Resumable>();
  readonly #places: Places;

  /** Begins with none. */
  constructor(limits: WebLimits) {
    this.#limits = limits;
    this.#places = new Places(limits.maxResumablePerIdentity);
  }

  /**
   * Takes a place for a visitor's subscription.
   *
   * @throws {HttpProblem} 401 for a stranger, 429 where there is no room.
   */
  place({ identity, callerKey }: Visit): ResumablePlace {
    if (!identity) throw unauthorized(401, "A resumable subscription needs an identity");
    const place = this.#places.take(callerKey);
    if (!place) throw tooMany("Too many resumable subscriptions", 1_000);
    const { maxReplayEvents, maxReplayChars, resumeWindowMs } = this.#limits;
    const id = crypto.randomUUID();
    return {
      id,
      maxEvents: maxReplayEvents,
      maxChars: maxReplayChars,
      windowMs: resumeWindowMs,
      [Symbol.dispose]: () => {
        place[Symbol.dispose]();
        this.#byId.delete(id);
      },
    };
  }

  /** Keeps a subscription until its place is given back. */
  keep({ id }: ResumablePlace, live: LiveSubscription, { callerKey: owner }: Visit): void {
    this.#byId.set(id, { live, owner });
  }

  /**
   * Lets a visitor come back.
   *
   * @param lastId The id of the last event it has seen.
   * @returns Undefined where that was the last of all.
   * @throws {HttpProblem} 410 where that subscription, or what came after that event, is gone.
   */
  resume({ callerKey }: Visit, lastId: string): Subscriber | undefined {
    const [id = "", count = ""] = lastId.split(".", 2);
    const found = this.#byId.get(id);
    const seen = /^\d{1,15}$/.test(count) ? Number(count) : undefined;
    const own = found?.owner === callerKey ? found.live : undefined;
    if (own && seen !== undefined) {
      if (own.isOverFor(seen)) return undefined;
      const subscriber = own.attach(seen);
      if (subscriber) return subscriber;
    }
    throw new HttpProblem(410, "RESUME_EXPIRED", "The subscription cannot be resumed");
  }

  /** Ends them all. */
  [Symbol.dispose](): void {
    for (const { live } of this.#byId.values()) live.close();
  }
}
