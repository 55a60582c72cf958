import { getLogger } from "@logtape/logtape";
import type { Insertable, Selectable } from "kysely";
import { setImmediate } from "node:timers/promises";
import type { AuditTable } from "./schema.ts";
import type { StoreContext } from "./store_context.ts";

/** Something that happened. Never holds secrets, nor where a tunnel leads. */
export interface AuditEvent {
  /** What, such as `auth.refused` or `peer.disabled`. */
  readonly kind: string;
  /** Whose doing it was, by id. */
  readonly peer?: string;
  /** The key it was done with. */
  readonly fingerprint?: string;
  /** The address it came from. */
  readonly remote?: string;
  /** More, in a few words. */
  readonly detail?: string;
}

/** An event as it was kept. */
export interface AuditEntry extends AuditEvent {
  /** Grows from entry to entry. */
  readonly id: number;
  /** When it happened, by the clock of the node that noted it. */
  readonly at: Date;
}

/** Which entries {@linkcode Audit.list} returns. */
export interface AuditQuery {
  /** Only of this kind. Default: any. */
  readonly kind?: string;
  /** Only of this peer. Default: any. */
  readonly peer?: string;
  /** Only those with a larger id. Default: all. */
  readonly after?: number;
  /** Most entries, the latest ones. Default: 100. */
  readonly limit?: number;
}

/** How long entries are kept. */
export interface AuditRetention {
  /** Age at which an entry is dropped, in milliseconds. Default: 90 days. */
  readonly maxAgeMs?: number;
  /** Most entries. Default: 1,000,000. */
  readonly maxEntries?: number;
}

/** Most events that wait to be written; more are counted and dropped. */
export const MAX_WAITING_EVENTS = 10_000;

const DAY_MS = 86_400_000;
const FLUSH_DELAY_MS = 20;
const RETRY_MS = 1_000;
/** Rows written or dropped in one transaction: about a millisecond of work. */
const BATCH_ROWS = 200;
/** Most rows one call drops by age: a clock that jumped ahead does not cost all of them at once. */
const MAX_DROPPED = 10_000;
const MAX_DETAIL_CHARACTERS = 1_000;
const MAX_TEXT_CHARACTERS = 255;

const log = getLogger(["alknet", "store"]);

/** The table of security events: appended to, read, and dropped from its old end only. */
export class Audit implements AsyncDisposable {
  readonly #context: StoreContext;
  readonly #retention: Required<AuditRetention>;
  #waiting: Insertable<AuditTable>[] = [];
  #dropped = 0;
  #timer?: number;
  #writing: Promise<void> = Promise.resolve();

  /** Made by `openStore`. */
  constructor(context: StoreContext, { maxAgeMs, maxEntries }: AuditRetention) {
    this.#context = context;
    this.#retention = { maxAgeMs: maxAgeMs ?? 90 * DAY_MS, maxEntries: maxEntries ?? 1_000_000 };
  }

  /** Notes an event. Never waits and never fails: it is written a little later, with others. */
  append(event: AuditEvent): void {
    if (this.#waiting.length >= MAX_WAITING_EVENTS) this.#dropped++;
    else this.#waiting.push(rowOf(event, this.#context.now()));
    this.#schedule(FLUSH_DELAY_MS);
  }

  /**
   * Writes what waits.
   *
   * @throws {StoreBackendError} When that fails; it waits on, and is tried again.
   */
  flush(): Promise<void> {
    const writing = this.#writing.catch(() => {}).then(() => this.#write());
    this.#writing = writing;
    return writing;
  }

  /** Entries in the order they were made. */
  async list({ kind, peer, after = 0, limit = 100 }: AuditQuery = {}): Promise<AuditEntry[]> {
    let query = this.#context.backend.db.selectFrom("audit").selectAll().where("id", ">", after);
    if (kind !== undefined) query = query.where("kind", "=", kind);
    if (peer !== undefined) query = query.where("peer", "=", peer);
    const rows = await query.orderBy("id", "desc").limit(limit).execute();
    return rows.reverse().map(entryOf);
  }

  /**
   * Entries as they are made, in any process, until the signal aborts.
   *
   * @param after Begins with the entry after this id. Default: with the next one to be made.
   */
  async *follow(signal: AbortSignal, after?: number): AsyncGenerator<AuditEntry> {
    let last = after ?? (await this.list({ limit: 1 })).at(-1)?.id ?? 0;
    let wake = Promise.withResolvers<void>();
    const stop = this.#context.onChange(["audit"], () => wake.resolve());
    const onAbort = (): void => wake.resolve();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        wake = Promise.withResolvers();
        for (const entry of await this.#after(last)) yield (last = entry.id, entry);
        await wake.promise;
      }
    } finally {
      stop();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Drops what is older than the retention says, a little at a time. */
  async prune(): Promise<void> {
    for (let dropped = 0; dropped < MAX_DROPPED; dropped += BATCH_ROWS) {
      if (await this.#dropOldest() === 0n) return;
      await setImmediate();
    }
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush().catch((error) => this.#failed(error));
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = Number(setTimeout(() => {
      this.#timer = undefined;
      this.flush().catch((error) => {
        this.#failed(error);
        this.#schedule(RETRY_MS);
      });
    }, ms));
    Deno.unrefTimer(this.#timer);
  }

  #failed(error: unknown): void {
    log.error("store.audit.failed", { waiting: this.#waiting.length, error });
  }

  async #write(): Promise<void> {
    this.#noteDropped();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH_ROWS);
      await this.#context.backend.write(async (tx, touch) => {
        await tx.insertInto("audit").values(batch).execute();
        touch("audit", "appended");
      });
      this.#waiting = this.#waiting.slice(batch.length);
    }
  }

  #noteDropped(): void {
    if (this.#dropped === 0) return;
    const event = { kind: "audit.dropped", detail: `${this.#dropped} events` };
    this.#waiting.push(rowOf(event, this.#context.now()));
    this.#dropped = 0;
  }

  async #after(last: number): Promise<AuditEntry[]> {
    const rows = await this.#context.backend.db.selectFrom("audit").selectAll()
      .where("id", ">", last)
      .orderBy("id")
      .execute();
    return rows.map(entryOf);
  }

  #dropOldest(): Promise<bigint> {
    const cutoff = this.#context.now() - this.#retention.maxAgeMs;
    return this.#context.backend.write(async (tx) => {
      const last = await tx.selectFrom("audit").select("id").orderBy("id", "desc").limit(1)
        .executeTakeFirst();
      const oldest = tx.selectFrom("audit").select("id")
        .where(({ eb, or }) =>
          or([
            eb("at", "<", cutoff),
            eb("id", "<=", (last?.id ?? 0) - this.#retention.maxEntries),
          ])
        )
        .orderBy("id").limit(BATCH_ROWS);
      const { numDeletedRows } = await tx.deleteFrom("audit").where("id", "in", oldest)
        .executeTakeFirstOrThrow();
      return numDeletedRows;
    });
  }
}

/** What comes from peers is cut and cleaned rather than refused: the event counts. */
function rowOf(event: AuditEvent, now: number): Insertable<AuditTable> {
  return {
    at: now,
    kind: clean(event.kind, MAX_TEXT_CHARACTERS) ?? "",
    peer: clean(event.peer, MAX_TEXT_CHARACTERS),
    fingerprint: clean(event.fingerprint, MAX_TEXT_CHARACTERS),
    remote: clean(event.remote, MAX_TEXT_CHARACTERS),
    detail: clean(event.detail, MAX_DETAIL_CHARACTERS),
  };
}

function clean(text: string | undefined, maxCharacters: number): string | null {
  return text?.slice(0, maxCharacters).toWellFormed().replace(/\p{Cc}/gu, "\ufffd") ?? null;
}

function entryOf(row: Selectable<AuditTable>): AuditEntry {
  return {
    id: row.id,
    at: new Date(row.at),
    kind: row.kind,
    peer: row.peer ?? undefined,
    fingerprint: row.fingerprint ?? undefined,
    remote: row.remote ?? undefined,
    detail: row.detail ?? undefined,
  };
}
