import type { DerivedKey, KeyType } from "./derived_key.ts";

/** Limits of a {@linkcode KeyCache}. */
export interface KeyCacheOptions {
  /** How long a key stays after it was put in, in milliseconds. */
  readonly ttlMs: number;
  /** Most keys; the least recently used one goes first. */
  readonly maxEntries: number;
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
}

interface Entry {
  readonly key: DerivedKey;
  readonly expiresAt: number;
}

/**
 * Derived keys by key type AND path: the same path means another key for each curve. What leaves the
 * cache (least recently used, expired, cleared) is wiped. Expired entries are swept at every access.
 */
export class KeyCache {
  readonly #options: KeyCacheOptions;
  /** In order of use: a Map iterates in order of insertion, and a hit is inserted again. */
  readonly #entries = new Map<string, Entry>();

  /** Starts empty. */
  constructor(options: KeyCacheOptions) {
    this.#options = options;
  }

  /** Keys held, expired ones included until the next access. */
  get size(): number {
    return this.#entries.size;
  }

  /** The cached key, which stays the cache's own. */
  find(type: KeyType, path: string): DerivedKey | undefined {
    this.#sweep();
    const id = entryId(type, path);
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.key;
  }

  /** Takes ownership of `key`. */
  add(path: string, key: DerivedKey): void {
    this.#sweep();
    const id = entryId(key.keyType, path);
    this.#drop(id);
    this.#entries.set(id, { key, expiresAt: this.#options.now() + this.#options.ttlMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.maxEntries) break;
      this.#drop(oldest);
    }
  }

  /** Wipes everything. */
  clear(): void {
    for (const id of [...this.#entries.keys()]) this.#drop(id);
  }

  #sweep(): void {
    const now = this.#options.now();
    for (const [id, { expiresAt }] of [...this.#entries]) {
      if (expiresAt <= now) this.#drop(id);
    }
  }

  #drop(id: string): void {
    this.#entries.get(id)?.key[Symbol.dispose]();
    this.#entries.delete(id);
  }
}

function entryId(type: KeyType, path: string): string {
  return `${type} ${path}`;
}
