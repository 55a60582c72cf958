import { getLogger } from "@logtape/logtape";
import type { Backend, Topic } from "./backend.ts";
import type { Changed, Feed } from "./feed.ts";
import type { Writing } from "./peer_rows.ts";

const log = getLogger(["alknet", "store"]);

/** What the parts of a store share. */
export class StoreContext {
  readonly backend: Backend;
  readonly feed: Feed;
  readonly now: () => number;

  constructor(backend: Backend, feed: Feed, now: () => number) {
    this.backend = backend;
    this.feed = feed;
    this.now = now;
  }

  /**
   * One transaction; when it resolves, this process's own reads answer by it. Should the database
   * be unreadable right after, it resolves all the same: what was asked for is done, and the feed
   * goes on trying.
   */
  async change<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    const result = await this.backend.write((tx, touch) => work({ tx, touch, now: this.now() }));
    await this.feed.refresh().catch((error) => log.warn("store.refresh.late", { error }));
    return result;
  }

  /** Calls back after changes of any of the topics. */
  onChange(topics: readonly Topic[], listener: () => void): () => void {
    return this.feed.onChange((changed: Changed) => {
      if (!changed || topics.some((topic) => changed.has(topic))) listener();
    });
  }
}
