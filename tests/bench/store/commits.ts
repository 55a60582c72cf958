import { DatabaseSync } from "node:sqlite";

import { openBackend } from "../../../src/store/mod.ts";
import { tempDirectory } from "../../../src/store/testing/temp.ts";
import { printLine } from "./print.ts";

const COMMITS = 2_000;
const ROUNDS = 3;

/** Commits a second, synchronous=FULL, of the same two rows: with the store, bare, and on Node. */
export async function measureCommits(betterSqlite3: string | undefined): Promise<void> {
  const contestants: readonly (readonly [string, () => Promise<number>])[] = [
    ["store.backend.write", storeCommits],
    ["node:sqlite alone", bareCommits],
    ...(betterSqlite3
      ? [["better-sqlite3 on Node", () => nodeCommits(betterSqlite3)] as const]
      : []),
  ];
  const results = new Map<string, number[]>(contestants.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of contestants) results.get(name)?.push(await run());
  }
  for (const [name, rates] of results) {
    const sorted = [...rates].sort((a, b) => a - b);
    printLine(`${name}: ${sorted[1]?.toFixed(0)} commits/s (${sorted.map(Math.round).join(", ")})`);
  }
  if (!betterSqlite3) printLine("better-sqlite3 was not asked to run: set BETTER_SQLITE3");
}

async function storeCommits(): Promise<number> {
  await using directory = await tempDirectory();
  await using backend = await openBackend(`sqlite:${directory.path}/store.db`);
  const start = performance.now();
  for (let n = 0; n < COMMITS; n++) {
    await backend.write(async (tx, touch) => {
      await tx.insertInto("settings").values({ name: `n-${n}`, value: "v" }).execute();
      touch("settings", `n-${n}`);
    });
  }
  return COMMITS / (performance.now() - start) * 1_000;
}

const SCHEMA = `pragma journal_mode = wal; pragma synchronous = full;
  create table settings (name text primary key not null, value text not null) strict;
  create table notifications (id integer primary key autoincrement, topic text not null,
    key text not null, created_at integer not null) strict;`;
const INSERT_SETTING = "insert into settings values (?, ?)";
const INSERT_NOTE = "insert into notifications (topic, key, created_at) values (?, ?, ?)";

async function bareCommits(): Promise<number> {
  await using directory = await tempDirectory();
  using db = new DatabaseSync(`${directory.path}/store.db`);
  db.exec(SCHEMA);
  const setting = db.prepare(INSERT_SETTING);
  const note = db.prepare(INSERT_NOTE);
  const start = performance.now();
  for (let n = 0; n < COMMITS; n++) {
    db.exec("begin immediate");
    setting.run(`n-${n}`, "v");
    note.run("settings", `n-${n}`, Date.now());
    db.exec("commit");
  }
  return COMMITS / (performance.now() - start) * 1_000;
}

const NODE_PROGRAM = `
const db = new (require("better-sqlite3"))(process.argv[1]);
db.exec(${JSON.stringify(SCHEMA)});
const setting = db.prepare(${JSON.stringify(INSERT_SETTING)});
const note = db.prepare(${JSON.stringify(INSERT_NOTE)});
const work = db.transaction((n) => {
  setting.run("n-" + n, "v");
  note.run("settings", "n-" + n, Date.now());
});
const start = performance.now();
for (let n = 0; n < ${COMMITS}; n++) work.immediate(n);
console.log(${COMMITS} / (performance.now() - start) * 1000);
`;

async function nodeCommits(cwd: string): Promise<number> {
  await using directory = await tempDirectory();
  const args = ["-e", NODE_PROGRAM, `${directory.path}/store.db`];
  const { stdout } = await new Deno.Command("node", { args, cwd, stderr: "inherit" }).output();
  return Number(new TextDecoder().decode(stdout));
}
