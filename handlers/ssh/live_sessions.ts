import type { SshSessionInfo } from "./ssh.ts";

/** Somebody who is logged in or about to, by whatever way. */
export interface Live {
  /** Resolves when it is over and its programs are gone. */
  readonly ended: Promise<void>;
  /** What it shows of itself; undefined while nobody is logged in, and when it is over. */
  readonly info: SshSessionInfo | undefined;
  /** Ends it. */
  end(reason: string): void;
}

const SHUTTING_DOWN = "node is shutting down";

/** Everybody who is logged in, by number. */
export class LiveSessions {
  readonly #live = new Map<string, Live>();
  #count = 0;
  #isOver = false;

  /** A number that nobody has had. */
  nextId(): string {
    return String(++this.#count);
  }

  /** Takes somebody in until the end. */
  add(id: string, live: Live): void {
    this.#live.set(id, live);
    live.ended.then(() => this.#live.delete(id));
    if (this.#isOver) live.end(SHUTTING_DOWN);
  }

  /** Who is there. */
  get infos(): SshSessionInfo[] {
    return [...this.#live.values()].flatMap(({ info }) => info ?? []);
  }

  /** Ends one; false when there is none of that number. */
  end(id: string, reason: string): boolean {
    const live = this.#live.get(id);
    live?.end(reason);
    return live !== undefined;
  }

  /** Ends all, also those that are still to come. */
  async endAll(): Promise<void> {
    this.#isOver = true;
    const all = [...this.#live.values()];
    for (const live of all) live.end(SHUTTING_DOWN);
    await Promise.all(all.map(({ ended }) => ended));
  }
}
