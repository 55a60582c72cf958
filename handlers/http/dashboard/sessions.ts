import type { Identity } from "@alknet/core";
import { createHash } from "node:crypto";

/** Says who somebody is now; undefined once they are not let in any more. */
export type Identify = () => Identity | undefined;

/** What bounds links and sessions. */
export interface DashboardSessionLimits {
  /** Time a link may wait to be opened, in milliseconds. Default: 300,000. */
  readonly linkTtlMs: number;
  /** Time a session lives without a request, in milliseconds. Default: 3,600,000. */
  readonly idleTimeoutMs: number;
  /** Time a session lives at most, in milliseconds. Default: 43,200,000. */
  readonly maxAgeMs: number;
  /** Links that wait at once; the oldest makes room. Default: 64. */
  readonly maxLinks: number;
  /** Sessions at once; the one longest unused makes room. Default: 256. */
  readonly maxSessions: number;
  /** Subscriptions followed, downloads and uploads of one session at once. Default: 16. */
  readonly maxStreams: number;
}

const DEFAULTS: DashboardSessionLimits = {
  linkTtlMs: 300_000,
  idleTimeoutMs: 3_600_000,
  maxAgeMs: 43_200_000,
  maxLinks: 64,
  maxSessions: 256,
  maxStreams: 16,
};

/** Somebody who is signed in. */
export interface DashboardSession {
  /** Who, read anew at each request, so that a revocation ends the session. */
  readonly identify: Identify;
  /** What a form has to bring along to be believed. */
  readonly csrf: string;
  /** Aborts when it is over: signed out, revoked, or pushed out by others. */
  readonly signal: AbortSignal;
  /** Whether it is not too old, and its owner still somebody. */
  isOpen(): boolean;
  /** Counts a subscription or a transfer; returns what stops counting it, or undefined. */
  enter(): (() => void) | undefined;
}

interface Held {
  readonly session: DashboardSession;
  readonly over: AbortController;
  readonly createdAt: number;
  usedAt: number;
}

interface Link {
  readonly identify: Identify;
  readonly expiresAt: number;
}

const SECRET_BYTES = 32;

/**
 * Who is signed in. Links work once, secrets are held as SHA-256, and whoever is revoked is out at
 * the next request.
 */
export class DashboardSessions {
  readonly #limits: DashboardSessionLimits;
  readonly #now: () => number;
  readonly #links = new Map<string, Link>();
  readonly #sessions = new Map<string, Held>();

  /** Nobody is signed in; `now` is the clock, in milliseconds. */
  constructor(limits: Partial<DashboardSessionLimits> = {}, now: () => number = Date.now) {
    this.#limits = { ...DEFAULTS, ...limits };
    this.#now = now;
  }

  /** How many are signed in. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Makes the secret of a link that signs somebody in, once. */
  invite(identify: Identify): string {
    const secret = newSecret();
    makeRoom(this.#links, this.#limits.maxLinks);
    this.#links.set(digest(secret), {
      identify,
      expiresAt: this.#now() + this.#limits.linkTtlMs,
    });
    return secret;
  }

  /** Signs in by the secret of a link; returns the secret of the session, or undefined. */
  redeem(secret: string): string | undefined {
    const key = digest(secret);
    const link = this.#links.get(key);
    this.#links.delete(key);
    if (!link || link.expiresAt <= this.#now() || !link.identify()) return undefined;
    const session = newSecret();
    const now = this.#now();
    const over = new AbortController();
    for (const oldest of makeRoom(this.#sessions, this.#limits.maxSessions)) oldest.over.abort();
    this.#sessions.set(digest(session), {
      session: this.#session(link.identify, { signal: over.signal, createdAt: now }),
      over,
      createdAt: now,
      usedAt: now,
    });
    return session;
  }

  /** The session of a secret; undefined for one that is over, or whose owner is. */
  find(secret: string): DashboardSession | undefined {
    const key = digest(secret);
    const held = this.#sessions.get(key);
    if (!held) return undefined;
    const now = this.#now();
    if (now - held.usedAt > this.#limits.idleTimeoutMs || !held.session.isOpen()) {
      this.#end(key);
      return undefined;
    }
    held.usedAt = now;
    this.#sessions.delete(key);
    this.#sessions.set(key, held); // last in order: it was used last
    return held.session;
  }

  /** Signs out. */
  end(secret: string): void {
    this.#end(digest(secret));
  }

  /**
   * Ends what belongs to nobody any more. To be called at each revocation: whoever gets the name
   * of one who was revoked shall not find that one's sessions alive.
   */
  endRevoked(): void {
    for (const [key, { identify }] of this.#links) if (!identify()) this.#links.delete(key);
    for (const [key, { session }] of this.#sessions) if (!session.identify()) this.#end(key);
  }

  #end(key: string): void {
    this.#sessions.get(key)?.over.abort();
    this.#sessions.delete(key);
  }

  #session(
    identify: Identify,
    { signal, createdAt }: { readonly signal: AbortSignal; readonly createdAt: number },
  ): DashboardSession {
    let streams = 0;
    const isOpen = (): boolean =>
      !signal.aborted && this.#now() - createdAt <= this.#limits.maxAgeMs &&
      identify() !== undefined;
    const enter = (): (() => void) | undefined => {
      if (streams >= this.#limits.maxStreams) return undefined;
      streams++;
      let counted = true;
      return () => {
        if (counted) streams--;
        counted = false;
      };
    };
    return { identify, csrf: newSecret(), signal, isOpen, enter };
  }
}

/** Removes the oldest until there is room for one more; returns what it has removed. */
function makeRoom<T>(map: Map<string, T>, max: number): T[] {
  const removed: T[] = [];
  for (const [key, value] of map) {
    if (map.size < max) break;
    map.delete(key);
    removed.push(value);
  }
  return removed;
}

function newSecret(): string {
  return crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** Looked up by what it hashes to, a secret cannot be guessed byte by byte. */
function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("base64");
}
