import { match, ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StoreBackendError } from "../errors.ts";
import { restoreStore } from "../restore_store.ts";
import { openStore, type Store } from "../store.ts";
import { errorOf, fingerprint, peer, until } from "../testing/harness.ts";
import { tempDirectory } from "../testing/temp.ts";
import { sqliteProgram } from "./testdata/processes.ts";

const ALICE = fingerprint(1);
const BOB = fingerprint(2);

/** A store with alice in it, a backup of that, and bob added after. */
async function withBackup(directory: string): Promise<{ store: Store; backup: string }> {
  const store = await openStore(`sqlite:${directory}/store.db`);
  await store.identities.putPeer(peer("alice", 1));
  const backup = `${directory}/backup.db`;
  await store.backend.backup(backup);
  await store.identities.putPeer(peer("bob", 2));
  return { store, backup };
}

Deno.test("a backup is a store of its own, private, and never overwrites a file", async () => {
  await using directory = await tempDirectory();
  const { store, backup } = await withBackup(directory.path);
  await using _store = store;
  strictEqual(((await Deno.stat(backup)).mode ?? 0) & 0o777, 0o600);
  const error = await errorOf(store.backend.backup(backup));
  match(error.message, /^Cannot write the backup/);
  await using copy = await openStore(`sqlite:${backup}`);
  strictEqual(copy.identities.fromFingerprint(ALICE)?.id, "alice");
  strictEqual(copy.identities.fromFingerprint(BOB), undefined);
});

Deno.test("a running store notices a restore and goes on with what was restored", async () => {
  await using directory = await tempDirectory();
  const { store, backup } = await withBackup(directory.path);
  await using _store = store;
  await using other = await openStore(`sqlite:${directory.path}/store.db`);
  await restoreStore(`sqlite:${directory.path}/store.db`, backup);
  await until(() => !store.identities.fromFingerprint(BOB));
  await until(() => !other.identities.fromFingerprint(BOB));
  strictEqual(store.identities.fromFingerprint(ALICE)?.id, "alice");
  await store.identities.putPeer(peer("carol", 3));
  await until(() => other.identities.fromFingerprint(fingerprint(3))?.id === "carol");
  strictEqual((await store.backend.check()).ok, true);
  strictEqual((await store.stats()).reconnects, 1);
});

Deno.test("a write right after a restore goes into the restored file, not into the old one", async () => {
  await using directory = await tempDirectory();
  const { store, backup } = await withBackup(directory.path);
  const writes: Promise<void>[] = [];
  {
    await using _store = store;
    const restored = restoreStore(`sqlite:${directory.path}/store.db`, backup).then(() => {
      for (let n = 10; n < 20; n++) writes.push(store.identities.putPeer(peer(`p-${n}`, n)));
    });
    await restored;
    await Promise.all(writes);
  }
  await using again = await openStore(`sqlite:${directory.path}/store.db`);
  strictEqual(again.identities.size, 11);
  strictEqual(again.identities.fromFingerprint(BOB), undefined);
});

// The log of the replaced file lies beside the new one, and SQLite would apply it.
Deno.test("a backup that somebody renames into place by hand is taken up undamaged", async () => {
  await using directory = await tempDirectory();
  const { store, backup } = await withBackup(directory.path);
  await using _store = store;
  await Deno.rename(backup, `${directory.path}/store.db`);
  await until(() => !store.identities.fromFingerprint(BOB), 4_000);
  strictEqual(store.identities.fromFingerprint(ALICE)?.id, "alice");
  await store.identities.putPeer(peer("carol", 3));
  strictEqual((await store.backend.check()).ok, true);
});

// "sqlite3 store.db '.restore backup.db'" writes into the same file: no new inode, and the log of
// changes may be as long as before.
Deno.test("a restore within the file, as the program sqlite3 does it, is noticed", async () => {
  await using directory = await tempDirectory();
  const { store, backup } = await withBackup(directory.path);
  await using _store = store;
  await using _program = await sqliteProgram(`${directory.path}/store.db`, `.restore ${backup}`);
  await until(() => !store.identities.fromFingerprint(BOB), 4_000);
  strictEqual(store.identities.fromFingerprint(ALICE)?.id, "alice");
});

Deno.test("a damaged file is refused with the way out, and restored over", async () => {
  await using directory = await tempDirectory();
  const { store, backup } = await withBackup(directory.path);
  await store[Symbol.asyncDispose]();
  const path = `${directory.path}/store.db`;
  await Deno.writeFile(path, new Uint8Array(8_192).fill(0x2a));
  const error = await errorOf(openStore(`sqlite:${path}`));
  ok(error instanceof StoreBackendError);
  strictEqual(error.fault, "corrupt");
  match(error.message, /put a backup in its place with "alknet store restore FILE"$/);
  await restoreStore(`sqlite:${path}`, backup);
  await using restored = await openStore(`sqlite:${path}`);
  strictEqual(restored.identities.fromFingerprint(ALICE)?.id, "alice");
});

Deno.test("damage in the middle of the file is found by a check; a damaged backup is refused", async () => {
  await using directory = await tempDirectory();
  const { store, backup } = await withBackup(directory.path);
  await store[Symbol.asyncDispose]();
  await damage(`${directory.path}/store.db`);
  await damage(backup);
  const error = await errorOf(restoreStore(`sqlite:${directory.path}/other.db`, backup));
  ok(error instanceof StoreBackendError);
  strictEqual(error.fault, "corrupt");
  ok(!await Deno.stat(`${directory.path}/other.db`).then(() => true, () => false));
});

Deno.test("rows that somebody else ruined grant nothing, and the others still answer", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/store.db`;
  {
    await using store = await openStore(`sqlite:${path}`);
    await store.identities.putPeer(peer("alice", 1));
    await store.identities.putPeer(peer("bob", 2));
  }
  using db = new DatabaseSync(path);
  db.exec(`update peers set scopes = '["*"' where peer_id = 'alice'`);
  await using store = await openStore(`sqlite:${path}`);
  strictEqual(store.identities.fromFingerprint(ALICE)?.scopes.length, 0);
  strictEqual(store.identities.fromFingerprint(BOB)?.scopes.length, 1);
});

Deno.test("a store made by a newer version is refused", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/store.db`;
  await (await openStore(`sqlite:${path}`))[Symbol.asyncDispose]();
  {
    using db = new DatabaseSync(path);
    db.exec("insert into store_migrations values ('9999_future', '2030-01-01')");
  }
  const error = await errorOf(openStore(`sqlite:${path}`));
  ok(error instanceof StoreBackendError);
  strictEqual(error.fault, "newer");
});

Deno.test("a migration that fails leaves nothing behind", async () => {
  await using directory = await tempDirectory();
  const path = `${directory.path}/store.db`;
  const migrations = () => ({
    zone: {
      "0001_broken": {
        async up(db: import("kysely").Kysely<unknown>): Promise<void> {
          await db.schema.createTable("zones").addColumn("name", "text").execute();
          throw new RangeError("Half-way");
        },
      },
    },
  });
  const error = await errorOf(openStore(`sqlite:${path}`, { migrations }));
  strictEqual((error.cause as Error).message, "Half-way");
  using db = new DatabaseSync(path);
  strictEqual(db.prepare("select 1 from sqlite_master where name = 'zones'").get(), undefined);
});

// Deno.watchFs and Deno.open on the database drop SQLite's locks; then the program sqlite3 deletes
// the log in use, and commits are lost.
Deno.test("the locks of the database outlive work, backups, checks and another program", async () => {
  await using directory = await tempDirectory();
  const { store } = await withBackup(directory.path);
  await using _store = store;
  for (let n = 10; n < 60; n++) await store.identities.putPeer(peer(`p-${n}`, n));
  await store.backend.check();
  await new Promise((resolve) => setTimeout(resolve, 1_200)); // a regular look, too
  const { ino } = await Deno.stat(`${directory.path}/store.db`);
  const locks = (await Deno.readTextFile("/proc/locks")).split("\n");
  ok(locks.some((line) => line.includes(` ${Deno.pid} `) && line.includes(`:${ino} `)));
  await (await sqliteProgram(`${directory.path}/store.db`, "select 1;"))[Symbol.asyncDispose]();
  ok((await Deno.stat(`${directory.path}/store.db-wal`)).size > 0);
});

/** Overwrites the second page, where the rows of the schema's first tables begin. */
async function damage(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(4_096, Deno.SeekMode.Start);
  await file.write(new Uint8Array(3 * 4_096).fill(0x2a));
}
