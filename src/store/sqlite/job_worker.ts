/**
 * Runs in a Worker what would block the event loop: backups, checks, checkpoints.
 *
 * @module
 */
import { backup, DatabaseSync } from "node:sqlite";
import type { Job, JobAnswer } from "./jobs.ts";

/** Milliseconds a job waits for locks; nothing else runs on this thread. */
const BUSY_TIMEOUT_MS = 5_000;
/** Pages a step of a backup copies: all of them, since a step in between starts it again. */
const ALL_PAGES = 2_147_483_647;
/** Most problems a check lists. */
const MAX_PROBLEMS = 100;

/** The part of a worker's global scope that is needed; the types of both worlds cannot be mixed. */
interface Scope {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage(answer: JobAnswer): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = async ({ data: job }) => {
  try {
    scope.postMessage({ ok: true, problems: await run(job) });
  } catch (error) {
    scope.postMessage({ ok: false, ...describe(error) });
  }
};

async function run(job: Job): Promise<readonly string[]> {
  const db = new DatabaseSync(job.path, { timeout: BUSY_TIMEOUT_MS });
  try {
    if (job.kind === "check") return check(db);
    if (job.kind === "backup") await backup(db, job.target, { rate: ALL_PAGES });
    else db.exec(job.kind === "vacuum" ? "vacuum" : "pragma wal_checkpoint(passive)");
    return [];
  } finally {
    db.close();
  }
}

function check(db: DatabaseSync): string[] {
  const rows = db.prepare(`pragma integrity_check(${MAX_PROBLEMS})`).all();
  const damage = rows.map((row) => String(row.integrity_check)).filter((text) => text !== "ok");
  const orphans = db.prepare("pragma foreign_key_check").all()
    .slice(0, MAX_PROBLEMS)
    .map(({ table, rowid, parent }) =>
      `row ${rowid} of "${table}" refers to no row of "${parent}"`
    );
  return [...damage, ...orphans];
}

function describe(error: unknown): { message: string; errcode?: number } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { errcode } = error as { errcode?: unknown };
  return { message: error.message, errcode: typeof errcode === "number" ? errcode : undefined };
}
