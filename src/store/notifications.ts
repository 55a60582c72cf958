import type { Transaction } from "kysely";
import type { Topic, Touch } from "./backend.ts";
import type { Schema } from "./schema.ts";

/** Rows of one INSERT: well below the limits of databases, and little work at a time. */
const ROWS_A_STATEMENT = 100;

/** What one transaction touched, each key once. */
export class Touched {
  readonly #keys = new Map<Topic, Set<string>>();

  /** To be handed to the transaction's work. */
  readonly touch: Touch = (topic, key) => {
    const keys = this.#keys.get(topic) ?? new Set();
    this.#keys.set(topic, keys.add(key));
  };

  /** Whether nothing was touched, so that nobody need be woken. */
  get empty(): boolean {
    return this.#keys.size === 0;
  }

  /** Topic and key of each row that was touched. */
  entries(): { topic: Topic; key: string }[] {
    return [...this.#keys].flatMap(([topic, keys]) => [...keys].map((key) => ({ topic, key })));
  }
}

/** Writes what was touched to the log, as the last statements of the same transaction. */
export async function appendNotifications(
  tx: Transaction<Schema>,
  touched: Touched,
  now: number,
): Promise<void> {
  const rows = touched.entries().map((entry) => ({ ...entry, created_at: now }));
  for (let start = 0; start < rows.length; start += ROWS_A_STATEMENT) {
    const values = rows.slice(start, start + ROWS_A_STATEMENT);
    await tx.insertInto("notifications").values(values).execute();
  }
}
