import type { Channel } from "./channel/channel.ts";

/** Times after which what is not used ends; 0 for never. */
export interface IdleLimits {
  /** A shell, command or subsystem in which nothing has passed for so long ends. Default: 0. */
  readonly sessionIdleMs: number;
  /** A forwarded connection in which nothing has passed for so long ends. Default: 0. */
  readonly forwardIdleMs: number;
  /** A connection in which nothing has been open for so long ends. Default: 0. */
  readonly unusedMs: number;
}

/** What is watched where nothing else is said: nothing. */
export const DEFAULT_IDLE_LIMITS: IdleLimits = { sessionIdleMs: 0, forwardIdleMs: 0, unusedMs: 0 };

/** What {@linkcode IdleWatch} looks at, and does. */
export interface Watched {
  /** The open channels. */
  channels(): readonly Channel[];
  /** One of them has been idle for too long. */
  closeChannel(channel: Channel): void;
  /** There has been none for too long. */
  endConnection(): void;
}

/** What was seen of a channel: how much had passed, and since when. */
interface Seen {
  readonly traffic: number;
  readonly sinceMs: number;
}

/** How often it looks within the shortest of its times: something ends at most a quarter late. */
const LOOKS = 4;

/** Ends what one connection has open and does not use. It costs nothing while all limits are 0. */
export class IdleWatch implements Disposable {
  readonly #limits: IdleLimits;
  readonly #watched: Watched;
  readonly #timer?: ReturnType<typeof setInterval>;
  readonly #seen = new WeakMap<Channel, Seen>();
  #usedAt = performance.now();

  /** Begins to watch. */
  constructor(limits: IdleLimits, watched: Watched) {
    this.#limits = limits;
    this.#watched = watched;
    const { sessionIdleMs, forwardIdleMs, unusedMs } = limits;
    const times = [sessionIdleMs, forwardIdleMs, unusedMs].filter((each) => each > 0);
    if (times.length === 0) return;
    this.#timer = setInterval(() => this.#look(), Math.ceil(Math.min(...times) / LOOKS));
  }

  /** Watches no more. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const channels = this.#watched.channels();
    if (channels.length > 0) this.#usedAt = now;
    for (const channel of channels) this.#lookAt(channel, now);
    const { unusedMs } = this.#limits;
    if (unusedMs > 0 && now - this.#usedAt >= unusedMs) this.#watched.endConnection();
  }

  #lookAt(channel: Channel, now: number): void {
    const limit = channel.type === "session"
      ? this.#limits.sessionIdleMs
      : this.#limits.forwardIdleMs;
    const seen = this.#seen.get(channel);
    if (!seen || seen.traffic !== channel.traffic) {
      this.#seen.set(channel, { traffic: channel.traffic, sinceMs: now });
    } else if (limit > 0 && now - seen.sinceMs >= limit) {
      this.#seen.set(channel, { ...seen, sinceMs: Infinity }); // once, whatever the client does
      this.#watched.closeChannel(channel);
    }
  }
}
