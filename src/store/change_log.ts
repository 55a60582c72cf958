import type { Transaction } from "kysely";
import type { Topic } from "./backend.ts";
import type { Schema } from "./schema.ts";

/**
 * The row of the log that was read last. A log that does not hold it (any more) is another one, or
 * has been shortened: nothing is known then of what changed.
 */
export interface LogPosition {
  readonly id: number;
  readonly topic: string;
  readonly key: string;
  readonly createdAt: number;
}

/** Keys of changed rows by topic. */
export type Changes = ReadonlyMap<Topic, ReadonlySet<string>>;

/** What happened after a position. */
export interface LogRead {
  /** Where to go on. */
  readonly position: LogPosition;
  /** What changed; undefined when that is unknown or so much that reading all is better. */
  readonly changes?: Changes;
}

/** Most changes that are worth taking up one by one. */
export const MAX_CHANGES = 5_000;

/** Rows of the log that are kept for readers to come. */
export const KEPT_NOTIFICATIONS = 20_000;

/** Reads what happened after a position; without one, only where the log ends. */
export async function readLog(
  tx: Transaction<Schema>,
  position: LogPosition | undefined,
): Promise<LogRead> {
  if (!position) return { position: await endOf(tx) };
  const rows = await tx.selectFrom("notifications").selectAll()
    .where("id", ">=", position.id)
    .orderBy("id")
    .limit(MAX_CHANGES + 2)
    .execute();
  const [known, ...news] = rows.map(positionOf);
  const last = news.at(-1) ?? known;
  if (!known || !last || !isSame(known, position) || news.length > MAX_CHANGES) {
    return { position: await endOf(tx) };
  }
  return { position: last, changes: changesOf(news) };
}

/**
 * Drops the oldest rows; the last ones always stay.
 *
 * @returns Whether there may be more to drop.
 */
export async function shortenLog(tx: Transaction<Schema>): Promise<boolean> {
  const { id: last } = await endOf(tx);
  const first = await tx.selectFrom("notifications").select("id").orderBy("id").limit(1)
    .executeTakeFirst();
  const bound = Math.min(last - KEPT_NOTIFICATIONS, (first?.id ?? last) + DROPPED_AT_ONCE);
  const { numDeletedRows } = await tx.deleteFrom("notifications").where("id", "<=", bound)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Rows dropped in one transaction: about a millisecond of work. */
const DROPPED_AT_ONCE = 500;

async function endOf(tx: Transaction<Schema>): Promise<LogPosition> {
  const row = await tx.selectFrom("notifications").selectAll()
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ? positionOf(row) : { id: 0, topic: "", key: "", createdAt: 0 };
}

function positionOf(row: { id: number; topic: string; key: string; created_at: number }) {
  return { id: row.id, topic: row.topic, key: row.key, createdAt: row.created_at };
}

function isSame(a: LogPosition, b: LogPosition): boolean {
  return a.id === b.id && a.topic === b.topic && a.key === b.key && a.createdAt === b.createdAt;
}

function changesOf(rows: readonly LogPosition[]): Changes {
  const changes = new Map<Topic, Set<string>>();
  for (const { topic, key } of rows) {
    changes.set(topic, (changes.get(topic) ?? new Set()).add(key));
  }
  return changes;
}
